"""Channel groups: change, list, remove."""

from collections.abc import Callable
from typing import Any

from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.access import Rights
from hark_gateway.protocols.pubnub.errors import Forbidden, ServiceError
from hark_gateway.protocols.pubnub.names import BadName
from hark_gateway.protocols.pubnub.requests import Call, decode, split_names
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.storage import TooManyGroups
from hark_gateway.protocols.pubnub.tokens import Permission

SERVICE = "channel-registry"
OK: dict[str, Any] = {"status": 200, "message": "OK", "service": SERVICE, "error": False}
MAX_ADDED = 200

Changed = Callable[[str], None]
"""Told the name of every group whose channels have changed."""


def show_or_change(
    service: Service, call: Call, rights: Rights, raw_group: str, changed: Changed
) -> Any:
    """Add and remove channels as asked; asked for neither, list them."""
    group = _group(raw_group)
    if "add" not in call.query and "remove" not in call.query:
        if not rights.allow(Permission.READ, "groups", group):
            rights.require(Permission.MANAGE, groups=[group])
        payload = {"channels": service.groups.channels(group), "group": group}
        return {"status": 200, "payload": payload, "service": SERVICE, "error": False}
    rights.require(Permission.MANAGE, groups=[group])
    added, removed = _channels(call.get("add")), _channels(call.get("remove"))
    if len(added) > MAX_ADDED:
        raise ServiceError(400, "Too many channels in one request.", SERVICE)
    try:
        new = service.groups.add(group, added)
    except TooManyGroups:
        raise ServiceError(400, "Maximum channel group count exceeded.", SERVICE) from None
    if service.groups.remove(group, removed) or new:
        changed(group)
    return OK


def remove(service: Service, rights: Rights, raw_group: str, changed: Changed) -> Any:
    """Remove a group."""
    group = _group(raw_group)
    rights.require(Permission.MANAGE, groups=[group])
    if service.groups.remove(group, service.groups.channels(group)):
        changed(group)
    return OK


def list_(service: Service, rights: Rights) -> Any:
    """List the groups that the sender may manage or read."""
    may = Permission.MANAGE | Permission.READ
    groups = [name for name in service.groups.all if rights.allow(may, "groups", name)]
    if not groups and not rights.everything:
        raise Forbidden
    payload = {"namespace": "", "groups": groups}
    return {"status": 200, "payload": payload, "service": SERVICE, "error": False}


def _group(raw: str) -> str:
    return _checked(decode(raw))


def _channels(text: str | None) -> list[str]:
    channels = split_names(text or "")
    try:
        return [names.check_subscription(name) for name in channels]
    except BadName:
        raise _reserved() from None


def _checked(name: str) -> str:
    try:
        return names.check(name)
    except BadName:
        raise _reserved() from None


def _reserved() -> ServiceError:
    return ServiceError(400, "Reserved character in input parameters.", SERVICE)
