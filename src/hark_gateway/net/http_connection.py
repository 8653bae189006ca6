"""One socket as long as it speaks HTTP/1.1: heads by httptools, time and size within limits."""

import asyncio
import logging
from typing import Any

import httptools

from hark_gateway import clock
from hark_gateway.hub.turns import Steps

from .http import (
    MAX_BODY_OF_STRANGERS,
    TEXT_PLAIN,
    Connection,
    Exchange,
    Host,
    Request,
    Route,
    head,
    plain,
)

log = logging.getLogger(__name__)

PIECE = 1024
"""Bytes parsed in one step: about two dozen requests at most."""

_LINE_BYTES = len(b"  HTTP/1.1\r\n") + len(b"\r\n")
"""Of a head, besides method, target and headers."""
_UNKNOWN = Route(lambda _request, _exchange: None)
"""Stands for the route of a request whose target is not complete."""


class HttpConnection(Connection):
    """One socket as long as it speaks HTTP."""

    __slots__ = (
        "_body", "_body_size", "_current", "_head_bytes", "_head_limit", "_head_size",
        "_headers", "_headers_left", "_in_head", "_is_blocked", "_is_busy", "_parser", "_route",
        "_target", "_waiting", "_waiting_bytes", "host", "is_streaming", "transport", "wheel_slot",
    )  # fmt: skip

    transport: asyncio.Transport

    def __init__(self, host: Host) -> None:
        self.host = host
        self.wheel_slot = 0
        self.is_streaming = False
        self._is_busy = False
        """What has come waits for a later turn."""
        self._is_blocked = False
        """The client does not read its answers."""
        self._parser: Any = None  # httptools has no types
        self._current: Exchange | None = None
        self._waiting: list[tuple[Request, Route | None]] = []
        self._waiting_bytes = 0
        self._begin()

    def _begin(self) -> None:
        """Be ready for the head of a request."""
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_size = 0
        self._head_bytes = 0
        """What came since the end of the request before, while the head is not complete."""
        self._head_size = 0
        """What is known of the head, without spaces that mean nothing."""
        self._head_limit = self.host.longest_head
        self._headers_left = self.host.limits.max_headers
        self._in_head = True
        self._route: Route | None = _UNKNOWN

    # The socket's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, or turn it away if there are too many."""
        self.transport = transport
        host = self.host
        if len(host.connections) >= host.max_connections:
            host.refused += 1
            transport.write(head(503, (), b"Content-Length: 0\r\nConnection: close"))
            transport.close()
            return
        host.connections.add(self)
        self._parser = httptools.HttpRequestParser(self)
        host.wheel.set(self, clock.now() + host.limits.head_timeout)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Let go of everything that belonged to the client."""
        self.host.leave(self)
        self.host.wheel.cancel(self)
        self._parser = None  # it refers back to us
        self._waiting.clear()
        exchange, self._current = self._current, None
        if exchange is not None and exchange.on_lost is not None:
            exchange.on_lost()

    def data_received(self, data: bytes) -> None:
        """Parse what has come; a whole request is handled at once if none is before it."""
        if len(data) <= PIECE and self._parser is not None and self._head_bytes == 0:
            parsed = self._parse(data)  # one piece, as nearly all are
            if self._parser is None:
                self._pass_on(data[parsed:])
        elif not self.host.turns.run(self._parse_all(data)):
            self._is_busy = True
            self.transport.pause_reading()

    def _parse_all(self, data: bytes) -> Steps[None]:
        at = 0
        while at < len(data) and self._parser is not None:  # None: refused, or closing
            room = self._head_limit - self._head_bytes if self._in_head else PIECE
            piece = data[at : at + min(room, PIECE)]
            at += self._parse(piece)
            yield
        self._is_busy = False
        self._read_on()
        if self._parser is None:
            self._pass_on(data[at:])

    def _read_on(self) -> None:
        if not self._is_busy and not self._is_blocked and not self.transport.is_closing():
            self.transport.resume_reading()

    def _parse(self, piece: bytes) -> int:
        """Parse bytes that take no head beyond its limit; return how many of them were HTTP."""
        headers = self._headers
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = None
            return int(upgrade.args[0])
        except httptools.HttpParserCallbackError as error:
            self._refuse_for(error)
        except httptools.HttpParserError:
            self._refuse(400, "malformed request")
        else:
            if self._in_head and self._headers is headers:  # no other request ended in between
                self._head_bytes += len(piece)
                if self._head_bytes >= self._head_limit:
                    self._refuse(431, "request head too long")
        return len(piece)

    def _pass_on(self, data: bytes) -> None:
        """Give what followed the head to the protocol that took over, if one did."""
        tenant = self.transport.get_protocol()
        if data and tenant is not self and isinstance(tenant, asyncio.Protocol):
            tenant.data_received(data)

    def pause_writing(self) -> None:
        """Take no more requests from a client that does not read its answers."""
        if self._current is not None and self._current.on_slow is not None:
            self._current.on_slow()
        else:
            self._is_blocked = True
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on once it has read them."""
        self._is_blocked = False
        self._read_on()

    def tick(self, _now: float) -> None:
        """Close a connection that took too long for a request, or waited too long for the next."""
        if self._parser is None or self.transport.get_write_buffer_size():
            self.transport.abort()
        elif self._in_head and not self._head_bytes and not self._target:
            self.transport.close()
        else:
            self._refuse(408, "request took too long")

    def close_soon(self) -> None:
        """Close once all is written, or without that if it takes too long."""
        self._parser = None
        self.transport.close()
        self.host.wheel.set(self, clock.now() + self.host.limits.close_timeout)

    def queued_bytes(self) -> int:
        """Return how much has been written that the client has not read."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()

    def drain(self) -> None:
        """Close, after the answer to a request that is under way."""
        if self._current is None:
            self.transport.close()

    # The parser's side

    def on_url(self, url: bytes) -> None:
        """Take (a part of) the request target."""
        self._target += url
        self._check_head(len(url))

    def _find_route(self) -> None:
        """Look up who is to answer, as soon as the whole target is known."""
        self._route = self.host.routes.find(self._target.partition(b"?")[0])
        of_route = self._route.max_head_bytes if self._route is not None else 0
        self._head_limit = of_route or self.host.limits.max_head_bytes
        self._check_head(len(self._parser.get_method()) + _LINE_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; a trailer, after the body, is of no use to anybody."""
        if self._route is _UNKNOWN:
            self._find_route()
        self._headers_left -= 1
        self._check_head(len(name) + len(value) + 3)  # a colon and the end of the line
        if not self._in_head:
            return
        name = name.lower()
        before = self._headers.get(name)
        self._headers[name] = value if before is None else before + b"," + value

    def _check_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self._head_limit or self._headers_left < 0:
            text = "too many headers" if self._headers_left < 0 else "request head too long"
            raise Refused(431, text)

    def on_headers_complete(self) -> None:
        """Find the handler, and refuse a body that it would not take."""
        if self._route is _UNKNOWN:
            self._find_route()
        self._in_head = False
        length = int(self._headers.get(b"content-length", b"0"))
        if length > self._max_body_bytes:
            raise Refused(413, "request body too long")
        if length > MAX_BODY_OF_STRANGERS or b"transfer-encoding" in self._headers:
            self._require_admission()
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and not self._waiting:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.host.wheel.set(self, clock.now() + self.host.limits.body_timeout)

    def _require_admission(self) -> None:
        """Refuse a stranger before its long body takes memory."""
        if self._route is None or self._route.admits is None:
            return
        method = self._parser.get_method().decode()
        if not self._route.admits(Request(method, self._target, self._headers)):
            raise Refused(401, "")

    @property
    def _max_body_bytes(self) -> int:
        return self._route.max_body_bytes if self._route is not None else 65_536

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._body_size += len(data)
        if self._body_size > self._max_body_bytes:
            raise Refused(413, "request body too long")
        if self._current is not None:
            ahead = self._waiting_bytes + self._body_size
            if ahead > self.host.limits.max_waiting_bytes:
                raise Refused(429, "too many requests at once")
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Handle the request, or let it wait for the one before."""
        request = Request(self._parser.get_method().decode(), self._target, self._headers)
        request.body = b"".join(self._body)
        request.version = self._parser.get_http_version()
        request.upgrade = self._parser.should_upgrade()
        route = self._route
        self._begin()
        if self._current is not None:
            self._waiting.append((request, route))
            self._waiting_bytes += len(request.body)
            if request.upgrade or len(self._waiting) > self.host.limits.max_waiting:
                raise Refused(429, "too many requests at once")
        else:
            self._handle(request, route)

    # Answering

    def _handle(self, request: Request, route: Route | None) -> None:
        exchange = self._current = Exchange(self, request)
        self.host.wheel.cancel(self)
        if route is None:
            self.host.on_unknown(request)
            exchange.respond(404, b"not found\n", TEXT_PLAIN)
            return
        try:
            route.handler(request, exchange)
        except Exception:  # a fault of ours, which must neither leak nor end the server
            log.exception("request failed", extra={"path": request.path.decode("latin-1")})
            if self.is_streaming:  # an answer has begun, and cannot be taken back
                self.transport.abort()
            else:
                exchange.respond(500, b"internal server error\n", TEXT_PLAIN)

    def finish(self, exchange: Exchange, data: bytes) -> None:
        """Write the answer to the current request and turn to the next."""
        if self._current is not exchange:
            return
        self._current = None
        self.transport.write(data)
        if b"\r\nConnection: close" in data[:1024] or self.host.draining:
            self._parser = None
            self.transport.close()
        elif self._waiting:
            request, route = self._waiting.pop(0)
            self._waiting_bytes -= len(request.body)
            self._handle(request, route)
        else:
            self.host.wheel.set(self, clock.now() + self.host.limits.idle_timeout)

    def hand_over(self, tenant: Connection, first_bytes: bytes) -> None:
        """Put `tenant` in this connection's place."""
        transport, host = self.transport, self.host
        self._current = None
        self._parser = None
        host.wheel.cancel(self)
        host.connections.discard(self)
        host.connections.add(tenant)
        transport.write(first_bytes)
        transport.set_protocol(tenant)
        tenant.connection_made(transport)

    def _refuse_for(self, error: Exception) -> None:
        if isinstance(error.__context__, Refused):
            self._refuse(error.__context__.status, error.__context__.text)
        else:
            log.error("request failed", exc_info=error)
            self._refuse(500, "internal server error")

    def _refuse(self, status: int, text: str) -> None:
        """Answer a request that no handler will see, and close."""
        self._parser = None
        if self._current is None:
            route = self._route
            if route is _UNKNOWN:  # the target is not complete, but may be long enough
                route = self.host.routes.find(self._target.partition(b"?")[0])
            body, headers = (route.refusal if route else plain)(status, text)
            framing = b"Content-Length: %d\r\nConnection: close" % len(body)
            self.transport.write(head(status, headers, framing) + body)
        # Only our half is shut: a full close while unread bytes are waiting would reset the
        # connection, and the client might never see the answer.
        self.transport.write_eof()
        self.host.wheel.set(self, clock.now() + self.host.limits.close_timeout)


class Refused(Exception):
    """A request that no handler will see."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
