"""Access Manager, version 2: rights of auth keys, which an application makes up and hands out."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from hark_gateway.protocols.pubnub.access import Keyset
from hark_gateway.protocols.pubnub.errors import ACCESS_MANAGER, ServiceError, access_refusal
from hark_gateway.protocols.pubnub.requests import Call, Malformed, split_names
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.storage import FOR_EVER, GrantKey, TooManyGrants
from hark_gateway.protocols.pubnub.tokens import Permission

FLAGS = {
    "r": Permission.READ,
    "w": Permission.WRITE,
    "m": Permission.MANAGE,
    "d": Permission.DELETE,
    "g": Permission.GET,
    "u": Permission.UPDATE,
    "j": Permission.JOIN,
}
KINDS = {"channel": "channels", "channel-group": "groups", "target-uuid": "uuids"}
PLURALS = {"channels": "channels", "groups": "channel-groups", "uuids": "uuids"}
DEFAULT_MINUTES, MAX_MINUTES = 1440, 525_600
MAX_GRANTS = 1000
"""Names times auth keys in one request."""


def grant(service: Service, call: Call, keyset: Keyset) -> Any:
    """Let auth keys, or everybody, do things for a while. Only the holder of the secret key may.

    What a request does not allow is taken back; without names it is about all channels and groups.
    """
    if not keyset.is_signed(call):
        raise access_refusal("Signature does not match")
    named = {kind: _names(call, parameter) for parameter, kind in KINDS.items()}
    auths = _names(call, "auth")
    minutes = _minutes(call)
    flags = {flag: int(call.flag(flag)) for flag in FLAGS}
    bits = sum(FLAGS[flag] for flag, given in flags.items() if given)
    keys = list(islice(_keys(keyset.subscribe_key, named, auths), MAX_GRANTS + 1))
    if len(keys) > MAX_GRANTS:
        raise ServiceError(400, "Too many names or auth keys in one grant", ACCESS_MANAGER)
    expires = int(call.now) + 60 * minutes if minutes else FOR_EVER
    try:
        service.grants.put(keys, bits, expires=expires)
    except TooManyGrants:
        raise ServiceError(400, "Too many grants", ACCESS_MANAGER) from None
    common = {"subscribe_key": keyset.subscribe_key, "ttl": minutes}
    payload = common | _told(named, auths, flags)
    return {"status": 200, "message": "Success", "service": ACCESS_MANAGER, "payload": payload}


def _keys(subscribe_key: str, named: dict[str, list[str]], auths: list[str]) -> Iterator[GrantKey]:
    resources = [(kind, name) for kind, names in named.items() for name in names]
    for kind, name in resources or [("", "")]:
        for auth in auths or [""]:
            yield GrantKey(subscribe_key, kind, name, auth)


def _told(named: dict[str, list[str]], auths: list[str], flags: dict[str, int]) -> dict[str, Any]:
    """Return what was granted, in the shape that SDKs read."""
    of_one: dict[str, Any] = {"auths": dict.fromkeys(auths, flags)} if auths else flags
    asked = {kind: names for kind, names in named.items() if names}
    if not asked:
        return {"level": "subkey", **of_one}
    levels = {"channels": "user" if auths else "channel", "uuids": "uuid"}
    of_groups = "channel-group+auth" if auths else "channel-group"
    level = of_groups if "groups" in asked else levels[next(iter(asked))]
    if auths and list(asked) == ["channels"] and len(asked["channels"]) == 1:
        return {"level": level, "channel": asked["channels"][0], **of_one}
    if auths and list(asked) == ["groups"] and len(asked["groups"]) == 1:
        return {"level": level, "channel-groups": asked["groups"][0], **of_one}
    by_kind = {PLURALS[kind]: dict.fromkeys(names, of_one) for kind, names in asked.items()}
    return {"level": level, **by_kind}


def _names(call: Call, parameter: str) -> list[str]:
    return list(dict.fromkeys(split_names(call.get(parameter) or "")))


def _minutes(call: Call) -> int:
    try:
        given = call.integer("ttl")
    except Malformed:
        given = -1
    minutes = DEFAULT_MINUTES if given is None else given
    if not 0 <= minutes <= MAX_MINUTES:
        text = f"Invalid ttl: range should be 0 to {MAX_MINUTES} minutes"
        raise ServiceError(400, text, ACCESS_MANAGER)
    return minutes
