"""Access manager: grant tokens and revoke them."""

from typing import Annotated, Any

import msgspec

from hark_gateway.hub.errors import BadRequest
from hark_gateway.hub.payload import check
from hark_gateway.hub.turns import Steps
from hark_gateway.protocols.pubnub import tokens
from hark_gateway.protocols.pubnub.access import Keyset
from hark_gateway.protocols.pubnub.errors import ACCESS_MANAGER, DetailedError
from hark_gateway.protocols.pubnub.patterns import BadPattern, Pattern
from hark_gateway.protocols.pubnub.requests import MAX_UUID_CHARACTERS, Call, decode
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.tokens import BadToken, Grant, Token

MAX_MINUTES = 43_200
MAX_BODY_BYTES = 32_768

Bits = Annotated[int, msgspec.Meta(ge=0, le=tokens.ALL_PERMISSIONS)]
Names = dict[str, Bits]


class Kinds(msgspec.Struct, frozen=True):
    """Permissions, by kind of resource and by name or pattern."""

    channels: Names = msgspec.field(default_factory=dict)
    groups: Names = msgspec.field(default_factory=dict)
    uuids: Names = msgspec.field(default_factory=dict)
    users: Names = msgspec.field(default_factory=dict)
    spaces: Names = msgspec.field(default_factory=dict)

    def as_resources(self) -> tokens.Resources:
        return msgspec.structs.asdict(self)


class Permissions(msgspec.Struct, frozen=True):
    """What is to be granted, and to whom."""

    resources: Kinds = Kinds()
    patterns: Kinds = Kinds()
    meta: dict[str, Any] = msgspec.field(default_factory=dict)
    uuid: str | None = None


class GrantRequest(msgspec.Struct, frozen=True):
    """The body of a grant; `ttl` in minutes."""

    permissions: Permissions
    ttl: int


def grant(call: Call, keyset: Keyset, *, earliest: int) -> Steps[Any]:
    """Make a token. Only the holder of the secret key may ask.

    Args:
        earliest: What is granted now counts as granted then at least, in whole seconds.
    """
    _require_signature(call, keyset, "grant")
    wanted = yield from _read(call.body)
    token = tokens.encode(
        Grant(
            granted_at=max(int(call.now), earliest),
            ttl=wanted.ttl,
            resources=wanted.permissions.resources.as_resources(),
            patterns=wanted.permissions.patterns.as_resources(),
            meta=wanted.permissions.meta,
            uuid=wanted.permissions.uuid,
        ),
        keyset.token_key,
    )
    return _success(token=token)


def revoke(service: Service, call: Call, keyset: Keyset, raw_token: str) -> tuple[Any, Token]:
    """Make a token worthless; return the answer, and the token."""
    _require_signature(call, keyset, "revoke")
    try:
        token = keyset.token(decode(raw_token))
    except BadToken:
        detail = ("Token is invalid.", "token", "path")
        raise DetailedError(400, "Invalid token", "revoke", detail) from None
    if token.expires_at <= call.now:
        detail = ("Token is expired.", "token", "path")
        raise DetailedError(400, "Invalid token", "revoke", detail)
    service.revocations.add(token.signature, expires=token.expires_at)
    return _success(), token


def _require_signature(call: Call, keyset: Keyset, source: str) -> None:
    if not keyset.is_signed(call):
        text = "Client and server produced different signatures for the same inputs."
        raise DetailedError(403, "Invalid signature", source, (text, "signature", "query"))


def _read(body: bytes) -> Steps[GrantRequest]:
    if len(body) > MAX_BODY_BYTES:
        raise DetailedError(400, "Could Not Parse Request", "grant")
    try:
        check(body)
        wanted = msgspec.json.decode(body, type=GrantRequest)
        patterns = wanted.permissions.patterns
        for pattern in (*patterns.channels, *patterns.groups, *patterns.uuids):
            Pattern(pattern)
            yield
    except BadPattern as fault:
        detail = (str(fault), "permissions.patterns", "body")
        raise DetailedError(400, "Invalid pattern", "grant", detail) from None
    except (BadRequest, msgspec.DecodeError, RecursionError, UnicodeError):
        raise DetailedError(400, "Could Not Parse Request", "grant") from None
    if not 1 <= wanted.ttl <= MAX_MINUTES:
        detail = (f"Range should be 1 to {MAX_MINUTES} minute(s).", "ttl", "body")
        raise DetailedError(400, "Invalid ttl", "grant", detail)
    uuid = wanted.permissions.uuid
    if uuid is not None and not 0 < len(uuid) <= MAX_UUID_CHARACTERS:
        detail = (f"Must have 1 to {MAX_UUID_CHARACTERS} characters.", "permissions.uuid", "body")
        raise DetailedError(400, "Invalid uuid", "grant", detail)  # nobody could show such a token
    if not _grants_anything(wanted.permissions):
        detail = ("What are you granting?", "permissions", "body")
        raise DetailedError(400, "This grant contains no permissions", "grant", detail)
    return wanted


def _grants_anything(permissions: Permissions) -> bool:
    kinds = (permissions.resources, permissions.patterns)
    return any(names for each in kinds for names in each.as_resources().values())


def _success(**data: str) -> Any:
    return {"data": {"message": "Success", **data}, "service": ACCESS_MANAGER, "status": 200}
