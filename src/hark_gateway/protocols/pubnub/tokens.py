"""Access tokens: what one allows, how it is written, and how it is verified.

A token is the URL-safe base64 of one CBOR map, which the SDKs can read and only its maker can make:
the last entry is our HMAC-SHA256 over all others.
"""

import hmac
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

import cbor2

from hark_gateway.hub.turns import Steps, at_once

from .patterns import matches

_SIG_KEY = b"\x43sig\x58\x20"  # a byte string of three, then the head of one of 32
_SIG_BYTES = len(_SIG_KEY) + 32
_KINDS = {
    "channels": b"chan",
    "groups": b"grp",
    "spaces": b"spc",
    "users": b"usr",
    "uuids": b"uuid",
}


_ASKED = ("channels", "groups", "uuids")
"""The kinds that rights are asked for here."""


class Permission(IntFlag):
    """What may be done with a resource; the numbers are the protocol's."""

    READ = 1
    WRITE = 2
    MANAGE = 4
    DELETE = 8
    CREATE = 16
    GET = 32
    UPDATE = 64
    JOIN = 128


ALL_PERMISSIONS = sum(Permission)
Resources = Mapping[str, Mapping[str, int]]
"""By kind (channels, groups, …) and name or pattern, the bits."""


class BadToken(Exception):
    """A token is malformed, forged, or made with another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows, to whom and for how long."""

    granted_at: int
    """In seconds since the Unix epoch."""
    ttl: int
    """In minutes."""
    resources: Resources = field(default_factory=dict)
    patterns: Resources = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    uuid: str | None = None
    """The only user who may use it; None lets anybody."""

    @property
    def expires_at(self) -> int:
        return self.granted_at + 60 * self.ttl


class Token:
    """A verified token, ready to be asked."""

    __slots__ = (
        "_exact", "_patterns", "cleared", "expires_at", "granted_at", "signature", "uuid",
    )  # fmt: skip

    def __init__(self, grant: Grant, signature: bytes) -> None:
        self.signature = signature
        """Names the token, however its text may be written."""
        self.uuid = grant.uuid
        self.granted_at = grant.granted_at
        self.expires_at = grant.expires_at
        self.cleared: object = None
        """What a subscriber last asked for and was allowed, so that its next poll need not ask."""
        self._exact = {kind: dict(grant.resources.get(kind, {})) for kind in _ASKED}
        self._patterns = {kind: dict(grant.patterns.get(kind, {})) for kind in _ASKED}

    def allows(self, kind: str, name: str, permission: Permission) -> bool:
        """Return whether the name itself, or any pattern matching the whole of it, has the bit."""
        return at_once(self.find_out(kind, name, permission))

    def find_out(self, kind: str, name: str, permission: Permission) -> Steps[bool]:
        """Do as `allows`, trying one pattern in each step."""
        if self._exact[kind].get(name, 0) & permission:
            return True
        for text, bits in self._patterns[kind].items():
            if bits & permission and matches(text, name):
                return True
            yield
        return False


def encode(grant: Grant, key: bytes) -> str:
    """Return the token for `grant`, signed with `key`."""
    content: dict[bytes, Any] = {
        b"v": 2,
        b"t": grant.granted_at,
        b"ttl": grant.ttl,
        b"res": _by_kind(grant.resources),
        b"pat": _by_kind(grant.patterns),
        b"meta": dict(grant.meta),
    }
    if grant.uuid is not None:
        content[b"uuid"] = grant.uuid
    unsigned = cbor2.dumps(content)
    signed = bytes((unsigned[0] + 1,)) + unsigned[1:]  # the map has one entry more
    return urlsafe_b64encode(signed + _SIG_KEY + _digest(key, unsigned)).decode()


def decode(text: str, key: bytes) -> Token:
    """Verify a token. Nothing of it is parsed before its signature is found to be ours.

    Raises:
        BadToken: It was not made with `key`.
    """
    try:
        raw = b64decode(text.encode(), altchars=b"-_", validate=True)
    except ValueError:
        raise BadToken from None
    if len(raw) <= _SIG_BYTES or raw[0] not in (0xA7, 0xA8):  # a map of seven or eight entries
        raise BadToken
    unsigned = bytes((raw[0] - 1,)) + raw[1:-_SIG_BYTES]
    expected = _SIG_KEY + _digest(key, unsigned)
    if not hmac.compare_digest(raw[-_SIG_BYTES:], expected):
        raise BadToken
    content = cbor2.loads(unsigned)
    grant = Grant(
        granted_at=content[b"t"],
        ttl=content[b"ttl"],
        resources=_from_kinds(content[b"res"]),
        patterns=_from_kinds(content[b"pat"]),
        meta=content[b"meta"],
        uuid=content.get(b"uuid"),
    )
    return Token(grant, raw[-32:])


def signing_key(secret_key: str, subscribe_key: str) -> bytes:
    """Return the key for one keyset's tokens, so that they mean nothing to another keyset."""
    return hmac.digest(secret_key.encode(), b"tokens of " + subscribe_key.encode(), "sha256")


def _digest(key: bytes, unsigned: bytes) -> bytes:
    return hmac.digest(key, unsigned, "sha256")


def _by_kind(resources: Resources) -> dict[bytes, dict[str, int]]:
    return {short: dict(resources.get(kind, {})) for kind, short in _KINDS.items()}


def _from_kinds(content: Mapping[bytes, dict[str, int]]) -> Resources:
    return {kind: content[short] for kind, short in _KINDS.items()}
