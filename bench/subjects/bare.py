"""The yardsticks on raw sockets in Python, for machines without a C compiler; see kernel.c."""

import select
import socket
import sys


def fan_out(listener: socket.socket, count: int) -> None:
    listener.accept()[0].close()  # whoever looked whether we listen
    sockets = [_accept(listener) for _ in range(count)]
    for line in sys.stdin.buffer:
        first, many, text = line.rstrip(b"\n").split(b" ", 2)
        size = len(text)
        head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2)
        frame = head + text
        for each in sockets[int(first) : int(first) + int(many)]:
            each.sendall(frame)


def answer(listener: socket.socket) -> None:
    stdin = sys.stdin.buffer
    replies = [stdin.read(int(stdin.readline())) for _ in range(int(stdin.readline()))]
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    open_ones: dict[int, tuple[socket.socket, int]] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                accepted = _accept(listener)
                open_ones[accepted.fileno()] = accepted, 0
                poll.register(accepted.fileno(), select.EPOLLIN)
                continue
            each, step = open_ones[fd]
            if _hears(each):
                each.sendall(replies[step])
                open_ones[fd] = each, min(step + 1, len(replies) - 1)
            else:
                poll.unregister(fd)
                open_ones.pop(fd)[0].close()


def _hears(each: socket.socket) -> bool:
    try:
        return bool(each.recv(65_536))
    except OSError:
        return False


def _accept(listener: socket.socket) -> socket.socket:
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return accepted


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    if kind == "fan-out":
        fan_out(listener, int(sys.argv[3]))
    else:
        answer(listener)


if __name__ == "__main__":
    main()
