"""A WebSocket on a socket: handshake, frames, and the closing of both."""

import asyncio
import binascii
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from hark_gateway import clock
from hark_gateway.hub.turns import Steps

from .http import TEXT_PLAIN, Connection, Exchange, Host, Request
from .websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Decoder,
    Message,
    ProtocolError,
    accept_key,
    close_frame,
    frame,
    parse_close,
)

log = logging.getLogger(__name__)

MAX_PENDING = 128
"""Frames that wait for the end of a turn, at most."""
CLOSE_TIMEOUT = 5
"""Seconds the peer may take to answer a close frame."""


class Receiver(Protocol):
    """What a WebSocket is for."""

    def receive(self, message: bytes, *, now: float) -> Steps[None] | None:
        """Take a whole message, text or binary; return what is left to do, if it is much."""

    def pong(self) -> None:
        """Take the answer to a ping frame."""

    def tick(self, now: float) -> None:
        """Do what is due at `now`."""

    def lost(self) -> None:
        """Hear that the connection is over."""

    def overflow(self) -> None:
        """Hear that the peer does not read; close, or the connection is dropped."""


class WebSocket(Connection):
    """One connection after its handshake.

    Args:
        begin: Makes the receiver once there is a socket to send on.
        max_message_bytes: Beyond it the connection is closed with 1009.
        max_queue_bytes: What the peer may leave unread before the receiver is told.
    """

    __slots__ = (
        "_begin",
        "_decoder",
        "_host",
        "_is_busy",
        "_max_queue_bytes",
        "_pending",
        "receiver",
        "transport",
        "wheel_slot",
    )  # fmt: skip

    receiver: Receiver

    def __init__(
        self,
        host: Host,
        begin: "Callable[[WebSocket], Receiver]",
        *,
        max_message_bytes: int,
        max_queue_bytes: int,
    ) -> None:
        self._host = host
        self._begin = begin
        self._decoder: Decoder | None = Decoder(max_message_bytes)
        self._max_queue_bytes = max_queue_bytes
        self._pending: bytes | list[bytes] | None = None  # one frame, as a rule
        self._is_busy = False
        """What has come waits for a later turn."""
        self.wheel_slot = 0

    @property
    def is_closing(self) -> bool:
        return self._decoder is None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the socket over."""
        self.transport = transport
        transport.set_write_buffer_limits(high=self._max_queue_bytes)
        self.receiver = self._begin(self)
        del self._begin  # it is needed once, and would be kept for as long as the connection

    def sink(self) -> asyncio.WriteTransport:
        """Write what waits, and return what takes whole frames that go to many connections."""
        self.flush()
        return self.transport

    def send(self, data: bytes) -> None:
        """Send whole frames; what is sent in one turn of the event loop leaves in one write."""
        pending = self._pending
        if pending is None:
            self._pending = data
            self._host.flush_later(self)
        elif isinstance(pending, list):
            pending.append(data)
            if len(pending) == MAX_PENDING:
                self.flush()
        else:
            self._pending = [pending, data]

    def flush(self) -> None:
        """Write what has been sent since the last time."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self.transport.write(pending if isinstance(pending, bytes) else b"".join(pending))

    def data_received(self, data: bytes) -> None:
        """Pass on what is complete."""
        if self._decoder is None:  # closing: whatever it still says is too late
            return
        if not self._host.turns.run(self._take_all(self._decoder.feed(data))):
            self._is_busy = True
            self.transport.pause_reading()

    def _take_all(self, messages: Iterator[Message]) -> Steps[None]:
        try:
            for message in messages:
                if self.is_closing:
                    break
                more = self._take(message)
                if more is not None:
                    yield from more
                yield
        except ProtocolError as error:
            if not self.is_closing:
                self.receiver.lost()
                self.close(error.code, error.reason)
        if self._is_busy:
            self._is_busy = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _take(self, message: Message) -> Steps[None] | None:
        opcode, payload = message
        if opcode in (TEXT, BINARY):
            return self.receiver.receive(payload, now=clock.now())
        if opcode == PING:
            self.send(frame(PONG, payload))
        elif opcode == PONG:
            self.receiver.pong()
        elif opcode == CLOSE:
            code, _ = parse_close(payload)
            self.receiver.lost()
            # RFC 6455, 5.5.1: echo the code we were sent
            self._finish(frame(CLOSE, payload[:2]) if code != 1005 else frame(CLOSE, b""))
        return None

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait, for a while, until the peer hangs up."""
        self._finish(close_frame(code, reason))

    def _finish(self, last: bytes) -> None:
        self._decoder = None
        if self.transport.is_closing():
            return
        self.send(last)
        self.flush()
        # Only our half is shut: a full close while unread bytes are waiting would reset the
        # connection, and the peer might never see why.
        self.transport.write_eof()
        self._host.wheel.set(self, clock.now() + CLOSE_TIMEOUT)

    def eof_received(self) -> None:
        """Close, too, when the peer has."""

    def wake_at(self, at: float) -> None:
        """Have the receiver's `tick` called at `at`, in seconds."""
        if not self.is_closing:
            self._host.wheel.set(self, at)

    def tick(self, now: float) -> None:
        """Let the receiver do what is due, or give up on a peer that does not hang up."""
        if self.is_closing:
            self.transport.abort()
        else:
            self.receiver.tick(now)

    def queued_bytes(self) -> int:
        """Return how much has been written that the client has not read."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """React to a peer that leaves too much unread."""
        if not self.is_closing:
            self.receiver.overflow()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Let go of everything."""
        self._host.leave(self)
        self._host.wheel.cancel(self)
        self._decoder = self._pending = None
        receiver = self.receiver
        del self.receiver  # it refers back to us
        receiver.lost()


def shake_hands(
    request: Request, exchange: Exchange, make: Callable[[], WebSocket], *, subprotocol: str = ""
) -> None:
    """Answer an opening handshake (RFC 6455, 4.2), and go on as the WebSocket that `make` makes.

    A request that is no handshake is answered with the status that says so.

    Args:
        subprotocol: Chosen if the client offers it; none is demanded.
    """
    wishes = [wish.strip() for wish in request.header(b"connection").lower().split(",")]
    if request.header(b"upgrade").lower() != "websocket" or "upgrade" not in wishes:
        headers = (*TEXT_PLAIN, (b"Upgrade", b"websocket"))
        exchange.respond(426, b"this is a WebSocket endpoint\n", headers)
    elif request.method != "GET" or request.version != "1.1":
        exchange.respond(400, b"a WebSocket begins with GET and HTTP/1.1\n", TEXT_PLAIN)
    elif request.header(b"sec-websocket-version") != "13":
        exchange.respond(426, b"unsupported version\n", ((b"Sec-WebSocket-Version", b"13"),))
    else:
        try:
            accept = accept_key(request.headers.get(b"sec-websocket-key", b""))
        except (ValueError, binascii.Error):
            exchange.respond(400, b"malformed Sec-WebSocket-Key\n", TEXT_PLAIN)
            return
        offered = request.header(b"sec-websocket-protocol").split(",")
        is_offered = subprotocol and subprotocol in [each.strip() for each in offered]
        chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if is_offered else ""
        exchange.hand_over(
            make(),
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n%b\r\n" % (accept, chosen.encode()),
        )
