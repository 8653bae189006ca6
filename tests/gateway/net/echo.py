"""A server that says everything back: the codec and the connection, without a protocol above."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hark_gateway.hub.timers import TimerWheel
from hark_gateway.net.connection import WebSocket, shake_hands
from hark_gateway.net.http import Exchange, Host, Limits, Request, Route, Routes
from hark_gateway.net.http_connection import HttpConnection
from hark_gateway.net.websocket import BINARY, TEXT, Message, frame


class Deaf:
    """A receiver that wants nothing."""

    def receive(self, message: bytes, *, now: float) -> None:
        """Is never called: the socket itself answers."""

    def pong(self) -> None:
        """Take no notice."""

    def tick(self, now: float) -> None:
        """Take no notice."""

    def lost(self) -> None:
        """Take no notice."""

    def overflow(self) -> None:
        """Take no notice."""


class EchoSocket(WebSocket):
    """Says each message again, in a frame of the same kind."""

    def _take(self, message: Message) -> None:
        if message.opcode in (TEXT, BINARY):
            self.send(frame(message.opcode, message.payload))
        else:
            super()._take(message)


def echo(request: Request, exchange: Exchange) -> None:
    """Answer a handshake."""
    limit = 64 * 1_048_576

    def make() -> WebSocket:
        return EchoSocket(
            exchange.host, lambda _: Deaf(), max_message_bytes=limit, max_queue_bytes=limit
        )

    shake_hands(request, exchange, make)


def answer(request: Request, exchange: Exchange) -> None:
    """Answer any other request with what it was."""
    exchange.respond(200, b"%b %b %b" % (request.method.encode(), request.path, request.body))


def silent(request: Request, exchange: Exchange) -> None:
    """Never answer."""


def broken(request: Request, exchange: Exchange) -> None:
    """Fail."""
    raise ZeroDivisionError("a secret")


@asynccontextmanager
async def serving(limits: Limits | None = None, **options: int) -> AsyncIterator[tuple[int, Host]]:
    """Serve on a free port; give the port and the server's state."""
    routes = Routes(
        exact={
            b"/ws": Route(echo),
            b"/echo": Route(answer, max_body_bytes=1000),
            b"/silent": Route(silent),
            b"/broken": Route(broken),
        }
    )
    host = Host(routes=routes, wheel=TimerWheel(tick=0.05), limits=limits or Limits(), **options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpConnection(host), "127.0.0.1", 0)
    ticking = asyncio.ensure_future(tick(host))
    try:
        yield server.sockets[0].getsockname()[1], host
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        server.close()
        for connection in tuple(host.connections):
            connection.abort()


async def tick(host: Host) -> None:
    while True:
        for connection in host.wheel.due(time.time()):
            connection.tick(time.time())
        await asyncio.sleep(0.02)
