"""How messages become the bytes of each transport.

A publication is encoded once per wire; all subscribers on that wire are sent the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hark_gateway.hub.stream import Member, Publication
from hark_gateway.net import websocket

from .messages import InfoPush, Push, client_info, encode, published


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """One way to put JSON messages on a transport."""

    frame: Callable[[bytes], bytes]
    """Wraps one message, or several joined by line feeds."""
    ping: bytes
    """Asks the client for a sign of life."""
    wraps_pushes: bool = True
    """Pushes come inside `{"push":…}`, as they must where replies come too."""

    def push(self, push: Push) -> bytes:
        """Return a push, framed."""
        return self._push(encode(push))

    def publication(self, publication: Publication) -> bytes:
        """Return a publication's push, framed."""
        if publication.publisher is not None or publication.tags:
            return self.push(Push(publication.channel, published(publication)))
        # Nearly all are as simple as this, and the general way takes three times as long.
        offset = b',"offset":%d' % publication.offset if publication.offset else b""
        channel = encode(publication.channel)
        return self._push(
            b'{"channel":%b,"pub":{"data":%b%b}}' % (channel, publication.data, offset)
        )

    def joined(self, channel: str, member: Member) -> bytes:
        """Return a join's push, framed."""
        return self.push(Push(channel, join=InfoPush(client_info(member))))

    def left(self, channel: str, member: Member) -> bytes:
        """Return a leave's push, framed."""
        return self.push(Push(channel, leave=InfoPush(client_info(member))))

    def _push(self, body: bytes) -> bytes:
        return self.frame(b'{"push":%b}' % body if self.wraps_pushes else body)


def _text_frame(message: bytes) -> bytes:
    return websocket.frame(websocket.TEXT, message)


def _event(message: bytes) -> bytes:
    """Return an event. A carriage return, too, would end its line (HTML standard, 9.2.5)."""
    return b"data: %b\n\n" % message.replace(b"\r", b"")


def _line(message: bytes) -> bytes:
    return message + b"\n"


WEBSOCKET = Wire(_text_frame, _text_frame(b"{}"))
WEBSOCKET_NATIVE_PING = Wire(_text_frame, websocket.frame(websocket.PING, b""))
SSE = Wire(_event, _event(b"{}"))
HTTP_STREAM = Wire(_line, _line(b"{}"))
UNI_WEBSOCKET = Wire(
    _text_frame, _text_frame(b"{}") + websocket.frame(websocket.PING, b""), wraps_pushes=False
)
UNI_SSE = Wire(_event, _event(b"{}"), wraps_pushes=False)
UNI_HTTP_STREAM = Wire(_line, _line(b"{}"), wraps_pushes=False)
