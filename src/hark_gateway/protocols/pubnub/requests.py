"""Requests as PubNub's clients write them.

Paths are split before they are decoded, since a message may hold an encoded slash; a plus is a
plus; lists come with plain or encoded commas; POST bodies are JSON whatever their type says, and
compressed in whichever way their first bytes tell.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

import msgspec

from hark_gateway.hub.errors import BadRequest
from hark_gateway.hub.payload import check
from hark_gateway.net.http import Request

from .names import PRESENCE
from .options import PubNubOptions

MAX_INFLATED_BYTES = 262_144
MAX_UUID_CHARACTERS = 92


class Malformed(ValueError):
    """A part of a request cannot be read."""


@dataclass
class Call:
    """One request: path in raw segments, query in raw values, and when it came, in seconds."""

    request: Request
    segments: list[str]
    query: dict[str, str]
    now: float

    @property
    def method(self) -> str:
        return self.request.method

    def get(self, name: str) -> str | None:
        """Return a query parameter, decoded; None if it was not sent.

        Raises:
            Malformed: It is not UTF-8.
        """
        raw = self.query.get(name)
        return None if raw is None else decode(raw)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a parameter that says yes or no; empty is as if it was not sent."""
        value = self.query.get(name)
        return value.lower() in ("1", "true") if value else default

    def integer(self, name: str) -> int | None:
        """Return a parameter that is a number from 0 to 19 digits; None if it was not sent.

        Raises:
            Malformed: It is no such number.
        """
        raw = self.query.get(name)
        return None if not raw else integer(raw)

    def json_object(self, name: str) -> dict[str, object] | None:
        """Return a parameter that is a JSON object; None if it was not sent.

        Raises:
            Malformed: It is something else.
        """
        text = self.get(name)
        return None if text is None else parse_object(text.encode())

    @cached_property
    def uuid(self) -> str | None:
        """The user on whose behalf the request is made.

        Raises:
            Malformed: It is too long.
        """
        uuid = self.get("uuid") or None
        if uuid is not None and len(uuid) > MAX_UUID_CHARACTERS:
            raise Malformed("uuid")
        return uuid

    @property
    def groups(self) -> list[str]:
        """The channel groups asked for."""
        return split_names(self.get("channel-group") or "")

    @cached_property
    def body(self) -> bytes:
        """The body, inflated if it was compressed.

        Raises:
            Malformed: It cannot be inflated, or takes too much.
        """
        return inflated(self.request.body, encoded=b"content-encoding" in self.request.headers)


def read(request: Request, now: float) -> Call:
    """Take a request apart.

    Raises:
        Malformed: It is not ASCII.
    """
    try:
        path = request.path.decode("ascii")
        query = request.query.decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("URL") from None
    values: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        values.setdefault(name, value)  # one meaning only: what is signed is what is used
    values.pop("", None)
    return Call(request, path.split("/")[1:], values, now)


def decode(raw: str) -> str:
    """Return a percent-encoded text."""
    if "%" not in raw:
        return raw
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(raw[:40]) from None


def path_names(raw: str) -> list[str]:
    """Return the names in one segment of a path."""
    raw = raw.replace("%2C", ",").replace("%2c", ",")
    return [decode(name) for name in raw.split(",") if name]


def are_too_many(channels: list[str], groups: list[str], options: PubNubOptions) -> bool:
    """Tell whether a request names more than is allowed; a group and its presence are one."""
    different = {name.removesuffix(PRESENCE) for name in groups}
    return (
        len(channels) > options.max_channels
        or len(different) > options.max_groups
        or len(groups) > 2 * options.max_groups
    )


def split_names(text: str) -> list[str]:
    """Return the names in a decoded parameter."""
    return [name for name in text.split(",") if name]


def integer(raw: str) -> int:
    """Return a whole number that is not negative.

    Raises:
        Malformed: It is something else.
    """
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 19):
        raise Malformed(raw[:40])
    return min(int(raw), (1 << 63) - 2)


def parse_object(data: bytes) -> dict[str, object]:
    """Return a JSON object.

    Raises:
        Malformed: It is something else.
    """
    try:
        check(data)
        return msgspec.json.decode(data, type=dict[str, object])
    except (BadRequest, msgspec.DecodeError, RecursionError, UnicodeError):
        raise Malformed("JSON") from None


def check_json(data: bytes) -> bytes:
    """Return `data` on one line, if it is JSON.

    Raises:
        Malformed: It is not.
    """
    try:
        msgspec.json.decode(data)
        return msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Malformed("JSON") from None


def inflated(body: bytes, *, encoded: bool) -> bytes:
    """Return a body as it was before compression: gzip, zlib, or bare deflate, by its first bytes.

    The Python SDK says gzip where it sends zlib.
    """
    if not encoded or not body:
        return body
    window = {b"\x1f": 31, b"\x78": 15}.get(body[:1], -15)
    inflater = zlib.decompressobj(window)
    try:
        plain = inflater.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error:
        raise Malformed("body") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise Malformed("body")
    return plain
