"""The few lines of RFC 6455 and JWT that a load client needs, and the check of samples."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator

from bench.payload import PATTERN, is_intact

_MASK = b"\x5a\x1f\xc3\x77"


class Garbled(Exception):
    """A client received something that is not what was published."""


def text_frame(payload: bytes) -> bytes:
    """Return a client's text frame, masked as RFC 6455, 5.3 demands."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
    key = (_MASK * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
    return head + _MASK + masked


def server_frames(stream: bytes) -> Iterator[bytes]:
    """Yield the payload of each text frame that a server sent.

    Raises:
        Garbled: Something other than whole, unmasked text frames.
    """
    at = 0
    while at < len(stream):
        if stream[at] not in (0x81, 0x82):
            raise Garbled(f"frame begins with {stream[at : at + 16]!r}")
        size, at = stream[at + 1], at + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(stream[at : at + width]), at + width
        if at + size > len(stream):
            raise Garbled("the last frame is incomplete")
        yield stream[at : at + size]
        at += size


def numbers_in(stream: bytes, *, framed: bool) -> list[int]:
    """Return the numbers of the publications in `stream`, in order of arrival.

    Args:
        framed: Whether the stream is WebSocket frames holding lines of JSON.

    Raises:
        Garbled: A publication is not as it was published.
    """
    found = list(PATTERN.finditer(stream))
    if not all(is_intact(match[0]) for match in found):
        raise Garbled("a publication was altered on the way")
    if framed:
        for frame in server_frames(stream):
            for line in frame.split(b"\n"):
                json.loads(line)
    return [int(match[1]) for match in found]


def sign_token(claims: dict[str, object], secret: str) -> str:
    """Return a JSON Web Token signed with HS256 (RFC 7519)."""
    head = _base64url(b'{"alg":"HS256","typ":"JWT"}')
    body = head + b"." + _base64url(json.dumps(claims).encode())
    signature = hmac.digest(secret.encode(), body, hashlib.sha256)
    return (body + b"." + _base64url(signature)).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def field(name: str, text: bytes) -> bytes:
    """Return the plain string or number called `name` in JSON `text`; empty if there is none."""
    match = re.search(rb'"' + name.encode() + rb'":\s*"?([^",}\]]*)', text)
    return match[1] if match else b""
