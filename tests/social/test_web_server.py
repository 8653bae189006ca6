"""The web server of `make run`: slow clients cost others nothing."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from waitress import wasyncore

from social.run import web
from tests.stack import free_ports

MANY = 50
DEADLINE = 30.0


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with the body, all of which has come by now."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def port() -> Iterator[int]:
    (port,) = free_ports(1)
    server = web.make_server(echo, port)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield port
    with contextlib.suppress(OSError):  # the loop may do it, and end, before it is woken for it
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    thread.join()
    server.task_dispatcher.shutdown()


def ask(port: int) -> str:
    return httpx.post(f"http://127.0.0.1:{port}/", content="tea", timeout=DEADLINE).text


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET", id="half a line"),
        pytest.param(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n", id="a head without its end"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf", id="half a body"),
        pytest.param(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", id="half a chunk"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n", id="a second request's half"
        ),
    ],
)
def test_who_does_not_end_a_request_keeps_nobody_waiting(port: int, beginning: bytes) -> None:
    with ExitStack() as open_sockets:
        for _ in range(MANY):
            slow = open_sockets.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(beginning)
        assert ask(port) == "tea"


def was_cut_off(slow: socket.socket) -> bool:
    """Send a byte now and then until that fails."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            slow.sendall(b"X")
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_who_drips_a_request_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "REQUEST_SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        assert was_cut_off(slow)


def test_a_connection_that_is_kept_is_good_for_the_next_request(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE) as client:
        assert [client.post("/", content=each).text for each in ("a", "b")] == ["a", "b"]


def test_heads_and_bodies_that_are_too_large_are_refused(port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    assert httpx.get(url, headers={"X": "a" * 17_000}, timeout=DEADLINE).status_code == 431
    with socket.create_connection(("127.0.0.1", port)) as large:
        large.sendall(b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n")
        assert large.recv(100).startswith(b"HTTP/1.1 413")
