"""The clients of the benchmarks behave as the official SDKs do, whoever the server is."""

import socket
from collections.abc import Iterator

import pytest

from bench.load.clients import Client
from bench.load.dialogues import Door, Place
from bench.load.wire import text_frame
from bench.payload import make_payload


@pytest.fixture
def connected() -> Iterator[tuple[Client, socket.socket]]:
    """A client past its opening, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        door = Door(port=listener.getsockname()[1], kind="centrifuge")
        client = Client(0, door, Place(), keep=False, ages=None)
        client.is_open = True
        server, _ = listener.accept()
        server.settimeout(5)
        with server:
            yield client, server
        client.hang_up()


@pytest.mark.parametrize("frame", ["{}", "%s\n{}", "{}\n%s", "%s\n{}\n%s"])
def test_a_ping_is_answered_wherever_it_stands(
    connected: tuple[Client, socket.socket], frame: str
) -> None:
    client, server = connected
    push = f'{{"push":{{"channel":"plain:all","pub":{{"data":{make_payload(1).decode()}}}}}}}'
    payload = frame.replace("%s", push).encode()
    size = len(payload)
    head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2)
    assert client.hear(head + payload) == frame.count("%s")
    assert server.recv(100) == text_frame(b"{}")
