"""The WebSocket transport."""

from hark_gateway import clock
from hark_gateway.net.connection import WebSocket, shake_hands
from hark_gateway.net.http import TEXT_PLAIN, Exchange, Request

from . import protobuf
from .door import Door
from .options import WebSocketOptions
from .origins import Origins
from .session import Session
from .wire import WEBSOCKET, WEBSOCKET_NATIVE_PING


class WebSocketEndpoint:
    """Answers handshakes, and begins a session with each."""

    def __init__(self, door: Door, options: WebSocketOptions, origins: Origins) -> None:
        self._door = door
        self._options = options
        self._origins = origins

    def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer a handshake."""
        if not self._origins.allow(request):
            exchange.respond(403, b"origin not allowed\n", TEXT_PLAIN)
            return

        options = self._door.options
        user = request.header(options.user_id_http_header.lower().encode())
        is_native = request.query and request.parameter("cf_ws_frame_ping_pong") == "true"
        wire = WEBSOCKET_NATIVE_PING if is_native else WEBSOCKET

        is_binary = protobuf.is_asked_for(request)

        def begin(socket: WebSocket) -> Session:
            session = Session(self._door, socket, wire, now=clock.now(), trusted_user=user)
            if is_binary:
                protobuf.note(self._door.refusals)
                session.disconnect(protobuf.REFUSAL)
            return session

        def make() -> WebSocket:
            return WebSocket(
                exchange.host,
                begin,
                max_message_bytes=self._options.message_size_limit,
                max_queue_bytes=options.queue_max_size,
            )

        subprotocol = protobuf.SUBPROTOCOL if is_binary else "centrifuge-json"
        shake_hands(request, exchange, make, subprotocol=subprotocol)
