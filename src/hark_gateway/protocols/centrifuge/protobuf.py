"""Clients that ask for the protocol's binary form, which is not spoken here.

They are told in that form, by a code after which an SDK gives up and shows the reason; otherwise
they would see a lost transport and come back for ever.
"""

from hark_gateway import clock
from hark_gateway.net.http import Exchange, Headers, Request
from hark_gateway.refusals import Refusals

from .codes import NO_HANDLER, Disconnect

SUBPROTOCOL = "centrifuge-protobuf"
CONTENT_TYPE = b"application/octet-stream"
REFUSAL = Disconnect(NO_HANDLER.code, "not available: this server speaks JSON, not Protobuf")
ASKING = ("cf_protocol", "format")
"""Query parameters by which SDKs, and older ones, name the form."""


def is_asked_for(request: Request) -> bool:
    """Tell whether a client speaks Protobuf and has no other form to offer."""
    offered = [each.strip() for each in request.header(b"sec-websocket-protocol").split(",")]
    if any(offered):
        return SUBPROTOCOL in offered and "centrifuge-json" not in offered
    media_type = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return media_type == CONTENT_TYPE or bool(
        request.query and any(request.parameter(name) == "protobuf" for name in ASKING)
    )


def note(refusals: Refusals) -> None:
    """Have the log tell of one."""
    refusals.add("Protobuf is not spoken here: use the SDK's JSON client", now=clock.now())


def refuse_stream(exchange: Exchange, headers: Headers) -> None:
    """Answer a request for a stream with a push that ends it: `Reply.push.disconnect`."""
    code, reason = REFUSAL
    disconnect = b"\x08" + _varint(code) + b"\x12" + _delimited(reason.encode())
    push = b"\x5a" + _delimited(disconnect)
    reply = b"\x22" + _delimited(push)
    exchange.respond(200, _delimited(reply), ((b"Content-Type", CONTENT_TYPE), *headers))


def _delimited(message: bytes) -> bytes:
    return _varint(len(message)) + message


def _varint(number: int) -> bytes:
    """Return a number in groups of seven bits, least significant first."""
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
