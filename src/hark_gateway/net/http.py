"""HTTP/1.1 as handlers see it: requests, routes by path, answers at once or later.

A handler gets the request and its `Exchange`, and answers through it exactly once: with a whole
answer, with a stream, or by taking the socket over for another protocol. Requests that arrive on
the same connection meanwhile wait their turn.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote_plus

from hark_gateway.hub.timers import TimerWheel
from hark_gateway.hub.turns import Turns

JSON = ((b"Content-Type", b"application/json"),)
TEXT_PLAIN = ((b"Content-Type", b"text/plain; charset=utf-8"),)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection may cost before a handler sees its request."""

    max_head_bytes: int = 16_384
    """Request line and headers together, to the empty line that ends them."""
    max_headers: int = 100
    """Headers and trailers of one request."""
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
        for pair in self.query.split(b"&"):
            key, _, value = pair.partition(b"=")
            if unquote_plus(key.decode("latin-1")) == name:
                return unquote_plus(value.decode("latin-1"))
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
    max_head_bytes: int = 0
    """Longest head, for protocols that put much into it; 0 for `Limits.max_head_bytes`."""
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

    @property
    def longest_head(self) -> int:
        """The longest head that a route lets pass beyond what all do; 0 if none does."""
        routes = (*self.exact.values(), *self.prefixes.values())
        return max((route.max_head_bytes for route in routes), default=0)

    def find(self, path: bytes) -> Route | None:
        """Return the route for `path`, if there is one."""
        route = self.exact.get(path)
        if route is not None or not self.prefixes:
            return route
        matching = [prefix for prefix in self.prefixes if path.startswith(prefix)]
        return self.prefixes[max(matching, key=len)] if matching else None


def call_soon(function: Callable[[], None]) -> None:
    """Have a function called in the next turn of the event loop."""
    asyncio.get_running_loop().call_soon(function)


@dataclass(slots=True, kw_only=True)
class Host:
    """What all connections of one server share."""

    routes: Routes
    wheel: TimerWheel[Wheeled]
    limits: Limits = field(default_factory=Limits)
    turns: Turns = field(default_factory=lambda: Turns(call_soon, time.monotonic))
    max_connections: int = 1_000_000
    longest_head: int = 0
    """What a head may take before its route is known, in bytes."""
    draining: bool = False
    connections: "set[Connection]" = field(default_factory=set)
    on_unknown: Callable[[Request], None] = lambda _: None
    """Told of every request to a path that nothing answers."""
    refused: int = 0
    """Connections turned away because there were too many."""
    _dirty: "list[Connection]" = field(default_factory=list)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the last connection has gone, while draining."""

    def __post_init__(self) -> None:
        self.longest_head = self.longest_head or self.limits.max_head_bytes

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


class Carrier(Protocol):
    """What a request came by and its answer goes by: a connection that speaks HTTP."""

    host: Host
    transport: asyncio.Transport
    is_streaming: bool

    def finish(self, exchange: "Exchange", data: bytes) -> None:
        """Write the whole answer, and turn to the next request."""

    def hand_over(self, tenant: Connection, first_bytes: bytes) -> None:
        """Give the socket to `tenant`, after writing `first_bytes`."""

    def close_soon(self) -> None:
        """Close when what was written has gone out."""


class Exchange:
    """A request being answered."""

    __slots__ = ("_connection", "_request", "on_lost", "on_slow")

    def __init__(self, connection: Carrier, request: Request) -> None:
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
        connection: Carrier,
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
    """Tell whether the connection stays open after the answer (RFC 9112, 9.3)."""
    if request.upgrade:  # what follows the head is not HTTP
        return False
    wish = request.headers.get(b"connection", b"").lower()
    return wish == b"keep-alive" if request.version == "1.0" else b"close" not in wish
