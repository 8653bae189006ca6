"""Transports over plain HTTP: what the server says comes as a stream, line by line or as events.

Bidirectional ones take the client's commands by requests of their own, the "emulation".
Unidirectional ones take a connect request and nothing else, so a bare EventSource or curl will do.
"""

import msgspec

from hark_gateway import clock
from hark_gateway.hub.turns import Steps
from hark_gateway.net.connection import WebSocket, shake_hands
from hark_gateway.net.http import TEXT_PLAIN, Exchange, Headers, Request, Stream

from . import protobuf
from .door import Door
from .messages import Malformed, Push, Reason
from .origins import Origins
from .session import Session
from .wire import HTTP_STREAM, SSE, UNI_HTTP_STREAM, UNI_SSE, UNI_WEBSOCKET, Wire

NOT_STORED = (
    (b"X-Accel-Buffering", b"no"),
    (b"Cache-Control", b"private, no-cache, no-store, must-revalidate, max-age=0"),
    (b"Pragma", b"no-cache"),
)
CONTENT_TYPES = {
    SSE: b"text/event-stream; charset=utf-8",
    UNI_SSE: b"text/event-stream; charset=utf-8",
    HTTP_STREAM: b"application/json",
    UNI_HTTP_STREAM: b"application/json",
}


class StreamOutlet:
    """A session's way out over HTTP; also what wakes it."""

    __slots__ = ("_exchange", "_stream", "_wire", "session", "wheel_slot")

    session: Session

    def __init__(self, exchange: Exchange, stream: Stream, wire: Wire) -> None:
        self._exchange = exchange
        self._stream = stream
        self._wire = wire
        self.wheel_slot = 0
        exchange.on_lost = self._lost
        exchange.on_slow = self._overflow

    def send(self, data: bytes, /) -> None:
        """Send one message, framed."""
        self._stream.write(data)

    def sink(self) -> Stream:
        """Return what takes bytes that go to many clients."""
        return self._stream

    def close(self, code: int, reason: str) -> None:
        """Say why in a push, there being no close frame, and end the stream."""
        self._exchange.host.wheel.cancel(self)
        self._exchange.on_slow = None
        self.send(self._wire.push(Push(disconnect=Reason(code, reason))))
        self._stream.close()

    def wake_at(self, at: float) -> None:
        """Have the session's `tick` called at `at`, in seconds."""
        self._exchange.host.wheel.set(self, at)

    def tick(self, now: float) -> None:
        """Let the session do what is due."""
        self.session.tick(now)

    def _overflow(self) -> None:
        self.session.overflow()

    def _lost(self) -> None:
        self._exchange.host.wheel.cancel(self)
        self.session.lost()


class CrossOrigin:
    """The rules by which pages of other origins may use an endpoint (Fetch standard, 3.2)."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def headers(self, request: Request) -> Headers:
        """Return what lets the page that made `request` read the answer."""
        origin = request.headers.get(b"origin")
        if origin is None or not self._origins.allow(request):
            return ()
        allowed = [
            (b"Access-Control-Allow-Origin", origin),
            (b"Access-Control-Allow-Credentials", b"true"),
            (b"Vary", b"Origin"),
        ]
        wished = request.headers.get(b"access-control-request-headers")
        if wished is not None:
            allowed.append((b"Access-Control-Allow-Headers", wished))
        return allowed

    def is_settled(self, request: Request, exchange: Exchange, methods: tuple[str, ...]) -> bool:
        """Answer preflights, refused origins and wrong methods; tell whether it was one."""
        if request.method == "OPTIONS":
            exchange.respond(204, b"", self.headers(request))
        elif not self._origins.allow(request):
            exchange.respond(403, b"origin not allowed\n", TEXT_PLAIN)
        elif request.method not in methods:
            allow = (b"Allow", ", ".join(methods).encode())
            exchange.respond(405, b"method not allowed\n", (*TEXT_PLAIN, allow))
        else:
            return False
        return True


class StreamEndpoint:
    """Begins a session with each request, and answers with all that it says.

    Args:
        wire: Lines or events, with or without an SDK on the other side.
    """

    def __init__(self, door: Door, origins: Origins, wire: Wire) -> None:
        self._door = door
        self._cross_origin = CrossOrigin(origins)
        self._wire = wire
        self._is_sse = wire in (SSE, UNI_SSE)
        self._is_uni = not wire.wraps_pushes

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer one client, for as long as it stays."""
        methods = ("GET", "POST") if self._is_sse else ("POST",)
        if self._cross_origin.is_settled(request, exchange, methods):
            return
        if not self._is_uni and protobuf.is_asked_for(request):
            protobuf.note(self._door.refusals)
            protobuf.refuse_stream(exchange, self._cross_origin.headers(request))
            return
        first = self._first_message(request)
        if not first:
            exchange.respond(400, b"the connect command is missing\n", TEXT_PLAIN)
            return
        now = clock.now()
        session = self._begin(request, exchange, now)
        if (more := session.receive(first, now=now)) is not None:
            self._door.turns.run(more)

    def _first_message(self, request: Request) -> bytes:
        if request.method == "POST":
            message = request.body
        else:
            message = (request.parameter("cf_connect") or "").encode()
        return message or (b"{}" if self._is_uni else b"")

    def _begin(self, request: Request, exchange: Exchange, now: float) -> Session:
        headers = (
            (b"Content-Type", CONTENT_TYPES[self._wire]),
            *NOT_STORED,
            *self._cross_origin.headers(request),
        )
        options = self._door.options
        stream = exchange.stream(headers, max_queue_bytes=options.queue_max_size)
        if self._is_sse:
            stream.write(b"\r\n")  # makes browsers report the stream as open
        outlet = StreamOutlet(exchange, stream, self._wire)
        outlet.session = Session(
            self._door,
            outlet,
            self._wire,
            now=now,
            emulated=not self._is_uni,
            unidirectional=self._is_uni,
            trusted_user=request.header(options.user_id_http_header.lower().encode()),
        )
        return outlet.session


class EmulationRequest(msgspec.Struct, frozen=True):
    """Commands of a client that listens on a stream."""

    session: str
    node: str
    data: str


decode_emulation = msgspec.json.Decoder(EmulationRequest).decode


class EmulationEndpoint:
    """Takes commands and hands them to the session that the client's stream belongs to."""

    def __init__(self, door: Door, origins: Origins) -> None:
        self._door = door
        self._cross_origin = CrossOrigin(origins)

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer one request; replies to its commands come on the stream."""
        if self._cross_origin.is_settled(request, exchange, ("POST",)):
            return
        headers = self._cross_origin.headers(request)
        try:
            emulated = decode_emulation(request.body)
        except Malformed as error:
            exchange.respond(400, f"{error}\n".encode(), (*TEXT_PLAIN, *headers))
            return
        if emulated.node != self._door.node:  # from before a restart: the client must reconnect
            exchange.respond(404, b"no such node\n", (*TEXT_PLAIN, *headers))
            return
        self._door.turns.run(self._carry_out(emulated, exchange, headers))

    def _carry_out(
        self, emulated: EmulationRequest, exchange: Exchange, headers: Headers
    ) -> Steps[None]:
        """Do what is asked and answer then, so that the client sends no more meanwhile."""
        session = self._door.emulated.get(emulated.session)
        if session is not None:
            more = session.receive(emulated.data.encode(), now=clock.now())
            if more is not None:
                yield from more
        exchange.respond(204, b"", headers)


class UniSocket(WebSocket):
    """A WebSocket that says why it closes in a push, too."""

    __slots__ = ()

    def close(self, code: int, reason: str) -> None:
        """Send the push, then the close frame of the same code."""
        if code >= 3000 and not self.is_closing:
            self.send(UNI_WEBSOCKET.push(Push(disconnect=Reason(code, reason))))
        super().close(code, reason)


class UniWebSocketEndpoint:
    """Begins an unidirectional session with each handshake.

    Args:
        message_size_limit: Longest connect request, in bytes.
    """

    def __init__(self, door: Door, origins: Origins, message_size_limit: int) -> None:
        self._door = door
        self._origins = origins
        self._message_size_limit = message_size_limit

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer a handshake; the connect request comes with it, or as the first message."""
        if not self._origins.allow(request):
            exchange.respond(403, b"origin not allowed\n", TEXT_PLAIN)
            return
        options = self._door.options
        user = request.header(options.user_id_http_header.lower().encode())
        first = request.parameter("cf_connect")

        def begin(socket: WebSocket) -> Session:
            now = clock.now()
            session = Session(
                self._door, socket, UNI_WEBSOCKET, now=now, unidirectional=True, trusted_user=user
            )
            if first is not None:  # a request of its own, which is one step
                session.receive(first.encode(), now=now)
            return session

        def make() -> WebSocket:
            return UniSocket(
                exchange.host,
                begin,
                max_message_bytes=self._message_size_limit,
                max_queue_bytes=options.queue_max_size,
            )

        shake_hands(request, exchange, make)
