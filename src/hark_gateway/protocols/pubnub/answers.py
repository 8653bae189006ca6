"""How answers are written: JSON under the type that SDKs insist on, readable from every page."""

from typing import Any

import msgspec

from hark_gateway.net.http import Exchange, Headers, Request

from .errors import DataError, PubNubError, ServiceError

CORS = ((b"Access-Control-Allow-Origin", b"*"), (b"Access-Control-Expose-Headers", b"*"))
HEADERS = (
    (b"Content-Type", b'text/javascript; charset="UTF-8"'),
    (b"Cache-Control", b"no-cache"),
    *CORS,
)


def respond(exchange: Exchange, status: int, answer: Any) -> None:
    """Answer with JSON."""
    exchange.respond(status, msgspec.json.encode(answer), HEADERS)


def refuse(exchange: Exchange, refusal: PubNubError) -> None:
    """Answer with a refusal."""
    respond(exchange, refusal.status, refusal.body)


def refusal_of_what_is_too_long(status: int, text: str) -> tuple[bytes, Headers]:
    """Return the answer to a request that never got here; pages must be able to read it too."""
    if status == 413:
        return msgspec.json.encode(DataError(413, "Request Entity Too Large").body), HEADERS
    return msgspec.json.encode(ServiceError(status, text.capitalize(), "Balancer").body), HEADERS


def preflight(request: Request, exchange: Exchange) -> None:
    """Let every page ask; credentials are in the query, never in cookies."""
    wanted = request.header(b"access-control-request-headers")
    allowed = wanted if _is_header_list(wanted) else "content-type"
    headers = (
        *CORS,
        (b"Access-Control-Allow-Methods", b"GET, POST, PATCH, DELETE, OPTIONS"),
        (b"Access-Control-Allow-Headers", allowed.encode("ascii")),
        (b"Access-Control-Max-Age", b"86400"),
    )
    exchange.respond(200, b"", headers)


def _is_header_list(text: str) -> bool:
    """Return whether `text` may be repeated in a header."""
    return bool(text) and len(text) < 500 and text.isascii() and text.isprintable()
