"""HTTP/1.1 on one socket: heads by httptools, routes by path, answers at once or later.

A handler gets the request and its `Exchange`, and answers through it exactly once: with a whole
answer, with a stream, or by taking the socket over for another protocol. Requests that arrive on
the same connection meanwhile wait their turn.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl

import httptools

from hark_gateway.hub.timers import TimerWheel

log = logging.getLogger(__name__)

JSON = ((b"Content-Type", b"application/json"),)
TEXT_PLAIN = ((b"Content-Type", b"text/plain; charset=utf-8"),)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection may cost before a handler sees its request."""

    max_head_bytes: int = 16_384
    """Request line and headers together."""
    head_timeout: float = 10
    """Seconds a client may take for the head of its first request."""
    body_timeout: float = 30
    """Seconds it may take for the rest of a request."""
    idle_timeout: float = 75
    """Seconds a connection may stay open between requests."""
    close_timeout: float = 5
    """Seconds a client may take to read the end of an answer."""
    max_waiting: int = 16
    """Requests sent ahead on one connection."""
    max_waiting_bytes: int = 262_144
    """Their bodies together."""


class Request:
    """One request, complete. Path and query are as sent, still percent-encoded."""

    __slots__ = ("body", "headers", "method", "path", "query", "upgrade", "version")

    def __init__(self, method: str, target: bytes, headers: dict[bytes, bytes]) -> None:
        self.method = method
        self.path, _, self.query = target.partition(b"?")
        self.headers = headers
        """By lower-case name; a repeated header's values are joined by commas."""
        self.body = b""
        self.version = "1.1"
        self.upgrade = False
        """The client wishes to go on in another protocol."""

    def header(self, name: bytes) -> str:
        """Return a header's value, or "" if it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    def parameter(self, name: str) -> str | None:
        """Return the first query parameter of that name, decoded."""
        for key, value in parse_qsl(self.query.decode("latin-1"), keep_blank_values=True):
            if key == name:
                return value
        return None

    def let_go(self) -> None:
        """Give back what only reading needed, before a long wait for the answer."""
        self.path = self.query = self.body = b""
        if keeps_alive(self) and self.version != "1.0":
            self.headers = {}


class Wheeled(Protocol):
    """What the server's timer wheel holds."""

    wheel_slot: int

    def tick(self, now: float) -> None:
        """Do what is due at `now`."""


class Connection(asyncio.Protocol):
    """A socket with a place in a server."""

    __slots__ = ()

    def flush(self) -> None:
        """Write what waits for the end of a turn."""

    def queued_bytes(self) -> int:
        """Return how much has been written that the client has not read."""
        raise NotImplementedError

    def abort(self) -> None:
        """Cut the connection."""
        raise NotImplementedError


Handler = Callable[[Request, "Exchange"], None]


def plain(_status: int, text: str) -> tuple[bytes, Headers]:
    """Return body and headers of a refusal, for people."""
    return f"{text}\n".encode() if text else b"", TEXT_PLAIN


MAX_BODY_OF_STRANGERS = 65_536
"""Longest body from a client that a route with an `admits` does not know, in bytes."""


@dataclass(frozen=True, slots=True)
class Route:
    """A handler, and how long a body it is willing to be sent."""

    handler: Handler
    max_body_bytes: int = 65_536
    admits: Callable[[Request], bool] | None = None
    """Tells by a head alone who may send a long body; without it everybody may."""
    refusal: Callable[[int, str], tuple[bytes, Headers]] = plain
    """Puts what no handler will see, being too long for one, into the words of a protocol."""


@dataclass(slots=True)
class Routes:
    """Which handler answers which path."""

    exact: dict[bytes, Route] = field(default_factory=dict)
    prefixes: dict[bytes, Route] = field(default_factory=dict)
    """Looked up by the first segments of a path, e.g. b"/v2/subscribe/"; the longest wins."""

    def find(self, path: bytes) -> Route | None:
        """Return the route for `path`, if there is one."""
        route = self.exact.get(path)
        if route is not None or not self.prefixes:
            return route
        matching = [prefix for prefix in self.prefixes if path.startswith(prefix)]
        return self.prefixes[max(matching, key=len)] if matching else None


@dataclass(slots=True, kw_only=True)
class Host:
    """What all connections of one server share."""

    routes: Routes
    wheel: TimerWheel[Wheeled]
    limits: Limits = field(default_factory=Limits)
    max_connections: int = 1_000_000
    draining: bool = False
    connections: "set[Connection]" = field(default_factory=set)
    refused: int = 0
    """Connections turned away because there were too many."""
    _dirty: "list[Connection]" = field(default_factory=list)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the last connection has gone, while draining."""

    def flush_later(self, connection: "Connection") -> None:
        """Have `flush` called on a connection once this turn of the event loop is over."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty.append(connection)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()

    def queued_bytes(self) -> int:
        """Return how much has been written that clients have not read."""
        return sum(connection.queued_bytes() for connection in self.connections)

    def leave(self, connection: "Connection") -> None:
        """Count a connection out."""
        self.connections.discard(connection)
        if self.draining and not self.connections:
            self.empty.set()


class Exchange:
    """A request being answered."""

    __slots__ = ("_connection", "_request", "on_lost", "on_slow")

    def __init__(self, connection: "HttpConnection", request: Request) -> None:
        self._connection = connection
        self._request = request
        self.on_lost: Callable[[], None] | None = None
        """Called when the client goes before the answer is complete."""
        self.on_slow: Callable[[], None] | None = None
        """Called when the client leaves too much of a stream unread."""

    @property
    def host(self) -> Host:
        return self._connection.host

    @property
    def transport(self) -> asyncio.Transport:
        return self._connection.transport

    def respond(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """Answer completely; nothing happens if the client has gone."""
        if not self._connection.transport.is_closing():
            self._connection.finish(self, answer(self._request, status, body, headers))

    def stream(self, headers: Headers, *, max_queue_bytes: int) -> "Stream":
        """Begin an answer whose end is not known.

        Args:
            max_queue_bytes: What the client may leave unread before `on_slow` is called.
        """
        return Stream(self._connection, self._request, headers, max_queue_bytes=max_queue_bytes)

    def hand_over(self, tenant: Connection, first_bytes: bytes) -> None:
        """Give the socket to `tenant`, after writing `first_bytes`; HTTP is over on it."""
        self._connection.hand_over(tenant, first_bytes)


class Stream:
    """A body sent piece by piece: chunked, or until the end of the connection for HTTP/1.0."""

    __slots__ = ("_chunked", "_connection")

    def __init__(
        self,
        connection: "HttpConnection",
        request: Request,
        headers: Headers,
        *,
        max_queue_bytes: int,
    ) -> None:
        connection.is_streaming = True
        connection.transport.set_write_buffer_limits(high=max_queue_bytes)
        self._connection = connection
        self._chunked = request.version != "1.0"
        framing = b"Transfer-Encoding: chunked" if self._chunked else b"Connection: close"
        connection.transport.write(head(200, headers, framing))

    def write(self, data: bytes) -> None:
        """Send a piece, which must not be empty."""
        transport = self._connection.transport
        if self._chunked:
            transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            transport.write(data)

    def close(self) -> None:
        """End the body, and the connection with it."""
        if not self._connection.transport.is_closing():
            if self._chunked:
                self._connection.transport.write(b"0\r\n\r\n")
            self._connection.close_soon()


STATUS_LINES: Mapping[int, bytes] = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


def head(status: int, headers: Headers, framing: bytes) -> bytes:
    """Return status line and headers."""
    fields = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    return b"%b%b%b\r\n\r\n" % (STATUS_LINES[status], fields, framing)


def answer(request: Request, status: int, body: bytes, headers: Headers) -> bytes:
    """Return a whole answer, ready to be written."""
    # RFC 9110, 8.6: no Content-Length with 204
    framing = b"Content-Length: %d" % len(body) if status != 204 else b"Server: hark"
    if not keeps_alive(request):
        framing += b"\r\nConnection: close"
    start = head(status, headers, framing)
    return start if request.method == "HEAD" else start + body


def keeps_alive(request: Request) -> bool:
    if request.upgrade:  # what follows the head is not HTTP
        return False
    wish = request.headers.get(b"connection", b"").lower()
    return wish == b"keep-alive" if request.version == "1.0" else b"close" not in wish


class HttpConnection(Connection):
    """One socket as long as it speaks HTTP."""

    __slots__ = (
        "_body", "_body_size", "_current", "_head_bytes", "_headers", "_in_head", "_parser",
        "_route", "_target", "_waiting", "_waiting_bytes", "host", "is_streaming", "transport",
        "wheel_slot",
    )  # fmt: skip

    transport: asyncio.Transport

    def __init__(self, host: Host) -> None:
        self.host = host
        self.wheel_slot = 0
        self.is_streaming = False
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
        self._in_head = True
        self._route: Route | None = None

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
        host.wheel.set(self, time.time() + host.limits.head_timeout)

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
        if self._parser is None:  # refused, or closing after a bad request
            return
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = None
            self._pass_on(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            self._refuse_for(error)
        except httptools.HttpParserError:
            self._refuse(400, "malformed request")
        else:
            if self._in_head and self._head_bytes > self.host.limits.max_head_bytes:
                self._refuse(431, "request head too long")

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
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on once it has read them."""
        self.transport.resume_reading()

    def tick(self, _now: float) -> None:
        """Close a connection that took too long for a request, or waited too long for the next."""
        if self._parser is None or self.transport.get_write_buffer_size():
            self.transport.abort()
        elif self._in_head and not self._head_bytes:
            self.transport.close()
        else:
            self._refuse(408, "request took too long")

    def close_soon(self) -> None:
        """Close once all is written, or without that if it takes too long."""
        self._parser = None
        self.transport.close()
        self.host.wheel.set(self, time.time() + self.host.limits.close_timeout)

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

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; a trailer, after the body, is of no use to anybody."""
        if not self._in_head:
            return
        self._check_head(len(name) + len(value))
        name = name.lower()
        before = self._headers.get(name)
        self._headers[name] = value if before is None else before + b"," + value

    def _check_head(self, size: int) -> None:
        self._body_size += size  # until the body begins this counts the head
        if self._body_size > self.host.limits.max_head_bytes:
            raise Refused(431, "request head too long")

    def on_headers_complete(self) -> None:
        """Find the handler, and refuse a body that it would not take."""
        self._in_head = False
        self._body_size = 0
        self._route = self.host.routes.find(self._target.partition(b"?")[0])
        length = int(self._headers.get(b"content-length", b"0"))
        if length > self._max_body_bytes:
            raise Refused(413, "request body too long")
        if length > MAX_BODY_OF_STRANGERS or b"transfer-encoding" in self._headers:
            self._require_admission()
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and not self._waiting:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.host.wheel.set(self, time.time() + self.host.limits.body_timeout)

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
            self.host.wheel.set(self, time.time() + self.host.limits.idle_timeout)

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
            route = self._route or self.host.routes.find(self._target.partition(b"?")[0])
            body, headers = (route.refusal if route else plain)(status, text)
            framing = b"Content-Length: %d\r\nConnection: close" % len(body)
            self.transport.write(head(status, headers, framing) + body)
        # Only our half is shut: a full close while unread bytes are waiting would reset the
        # connection, and the client might never see the answer.
        self.transport.write_eof()
        self.host.wheel.set(self, time.time() + self.host.limits.close_timeout)


class Refused(Exception):
    """A request that no handler will see."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
