"""A network that lets some requests through and others not, as proxies in offices do."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

HEAD = 64 * 1024
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Network:
    """A proxy on this machine.

    Attributes:
        upstream: The port that it leads to.
        refused: Requests with one of these in their head are answered with 403.
        swallowed: Those with one of these are never answered.
        stopped: How many were either.
        passed: The first line of each that got through.
        told: What came back for those.
    """

    upstream: int = 0
    refused: Sequence[bytes] = ()
    swallowed: Sequence[bytes] = ()
    stopped: int = 0
    passed: list[bytes] = field(default_factory=list)
    told: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD:
            received = client.recv(HEAD)
            if not received:
                return
            head += received
        if any(each in head.lower() for each in self.swallowed):
            self.stopped += 1
            return
        if any(each in head.lower() for each in self.refused):
            self.stopped += 1
            client.sendall(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            client.shutdown(socket.SHUT_WR)
            return
        self.passed.append(head.split(b"\r\n", 1)[0])
        server = socket.create_connection(("127.0.0.1", self.upstream))
        self._open.append(server)
        server.sendall(head if b"upgrade: websocket" in head.lower() else alone(head))
        threading.Thread(target=pump, args=[client, server], daemon=True).start()
        pump(server, client, self.told)


def alone(head: bytes) -> bytes:
    """Return a request as the last of its connection, so that each is looked at."""
    fields, _, body = head.partition(b"\r\n\r\n")
    kept = [each for each in fields.split(b"\r\n") if not each.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close", b"", body])


def pump(source: socket.socket, target: socket.socket, seen: bytearray | None = None) -> None:
    """Pass on what comes until one of them is gone, and keep it in `seen` as well."""
    with suppress(OSError):
        while data := source.recv(HEAD):
            if seen is not None:
                seen += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
