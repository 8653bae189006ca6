"""Presence: heartbeat, leave, here-now, where-now, and state."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hark_gateway.hub.turns import Steps
from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.access import Rights
from hark_gateway.protocols.pubnub.announcer import event
from hark_gateway.protocols.pubnub.errors import Forbidden, ServiceError
from hark_gateway.protocols.pubnub.names import BadName
from hark_gateway.protocols.pubnub.requests import Call, Malformed, are_too_many, decode, path_names
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.tokens import Permission

SERVICE = "Presence"
OK: dict[str, Any] = {"status": 200, "message": "OK", "service": SERVICE}
MIN_SECONDS, MAX_SECONDS = 1.0, 3600.0
"""For which a user may ask to count as present."""
MAX_STATE_BYTES = 32_768
MAX_LISTED = 1000
MAX_ANSWER_BYTES = 8 << 20
"""What is said of many channels in one answer: a few milliseconds' copying."""
MAX_ARRIVALS = 100
"""Channels that one heartbeat makes a user come to, of which its own client is sure to hear."""
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def heartbeat(service: Service, call: Call, rights: Rights, raw_channels: str) -> Steps[Any]:
    """Renew the sender's presence."""
    channels, groups = _named(service, call, raw_channels)
    yield from rights.require_each(Permission.READ, channels, groups)
    cursor = service.clock.read(call.now)
    present = _resolved(service, channels, groups)
    came = yield from enter(service, call, present, beat=True)
    if came and call.uuid is not None:
        service.arrivals.note(call.uuid, came, cursor=cursor, now=call.now)
    return OK


def enter(
    service: Service, call: Call, present: tuple[str, ...], *, beat: bool = False
) -> Steps[list[str]]:
    """Note that the sender is on all channels of `present`, sorted, and take in its state.

    Args:
        beat: Whether this is a heartbeat, which a subscribe may follow.

    Returns the channels that it came to now.
    """
    uuid, seconds = call.uuid, _seconds(call)
    if uuid is None:
        return []
    states = _state(call) if "state" in call.query else {}
    joined = service.presence.enter(uuid, present, seconds=seconds, beat=beat, now=call.now)
    keep = beat and len(joined) <= MAX_ARRIVALS  # what is kept for nobody takes memory
    for change in joined:
        service.announce((change,), now=call.now, keep=keep)
        yield
    for channel in states.keys() & set(present) if states else ():
        state = states[channel]
        if isinstance(state, dict):
            yield from _change_state(service, call, uuid, [channel], state)
    return [change.channel for change in joined]


def _seconds(call: Call) -> float | None:
    """Return how long the sender asks to count as present, if it does."""
    text = call.query.get("heartbeat")
    if not text:
        return None
    if not _SECONDS.fullmatch(text):
        raise ServiceError(400, "Invalid heartbeat", SERVICE)
    seconds = float(text)
    return min(max(seconds, MIN_SECONDS), MAX_SECONDS) if seconds else None


def leave(service: Service, call: Call, rights: Rights, raw_channels: str) -> Steps[Any]:
    """Take the sender out of channels: itself from any, who shows no proof only where it reads."""
    channels, groups = _asked(service, call, raw_channels)
    if not rights.belong_to(call.uuid):
        yield from rights.require_each(Permission.READ, channels, groups)
    if call.uuid is not None:
        left = _resolved(service, channels, groups)
        for change in service.presence.leave(call.uuid, left):
            service.announce((change,), now=call.now)
            yield
    return OK | {"action": "leave"}


def here_now(service: Service, call: Call, rights: Rights, raw_channels: str) -> Steps[Any]:
    """Say who is on channels. On one that cannot exist is nobody, whatever its name."""
    channels, groups = _asked(service, call, raw_channels)
    yield from rights.require_each(Permission.READ, channels, groups)
    if len(channels) == 1 and not groups:
        return OK | _occupants(service, call, channels[0])
    return (yield from _occupancies(service, call, _resolved(service, channels, groups)))


def here_now_everywhere(service: Service, call: Call, rights: Rights) -> Steps[Any]:
    """Say who is on any channel that the sender may read."""
    readable = []
    for name in service.presence.occupied():
        if (yield from rights.find_out(Permission.READ, "channels", name)):
            readable.append(name)
        yield
    if not readable and not rights.everything:
        raise Forbidden
    return (yield from _occupancies(service, call, readable))


def where_now(service: Service, rights: Rights, raw_uuid: str) -> Steps[Any]:
    """Say where a user is: of another, no more than here-now would tell the sender."""
    uuid = decode(raw_uuid)
    channels = service.presence.channels_of(uuid)
    if not rights.belong_to(uuid) and not rights.allow(Permission.GET, "uuids", uuid):
        readable = []
        for name in channels:
            if (yield from rights.find_out(Permission.READ, "channels", name)):
                readable.append(name)
            yield
        if not readable:
            raise Forbidden(uuids=[uuid])
        channels = readable
    return OK | {"payload": {"channels": channels}}


def set_state(
    service: Service, call: Call, rights: Rights, raw_channels: str, raw_uuid: str
) -> Steps[Any]:
    """Set what a user says of itself; kept while it is present, or for a while before it comes."""
    channels, groups = _named(service, call, raw_channels)
    uuid = decode(raw_uuid)
    yield from rights.require_each(Permission.READ, channels, groups)
    if not (
        uuid == call.uuid
        or rights.belong_to(uuid)
        or rights.allow(Permission.UPDATE, "uuids", uuid)
    ):
        raise Forbidden(uuids=[uuid])
    if "state" not in call.query:
        raise ServiceError(400, "No state specified.", SERVICE)
    state = _state(call)
    yield from _change_state(service, call, uuid, _resolved(service, channels, groups), state)
    return OK | {"payload": state}


def get_state(
    service: Service, call: Call, rights: Rights, raw_channels: str, raw_uuid: str
) -> Steps[Any]:
    """Return what a user says of itself."""
    channels, groups = _asked(service, call, raw_channels)
    yield from rights.require_each(Permission.READ, channels, groups)
    uuid = decode(raw_uuid)
    if len(channels) == 1 and not groups:
        state = service.presence.states.get(uuid, channels[0])
        return OK | {"payload": state, "uuid": uuid, "channel": channels[0]}
    resolved = _resolved(service, channels, groups)
    answer = _Answer()
    for name in resolved:
        answer.add(name, service.presence.states.get(uuid, name))
        yield
    return OK | {"payload": {"channels": answer.parts}, "uuid": uuid}


def _named(service: Service, call: Call, raw_channels: str) -> tuple[list[str], list[str]]:
    """Return the channels and groups of a request that changes something there."""
    channels, groups = _asked(service, call, raw_channels)
    try:
        for name in (*channels, *groups):
            names.check_subscription(name)
    except BadName:
        raise ServiceError(400, "Invalid channel or channel group", SERVICE) from None
    return channels, groups


def _asked(service: Service, call: Call, raw_channels: str) -> tuple[list[str], list[str]]:
    """Return the channels and groups asked for; names of presence channels mean nothing here."""
    channels, groups = path_names(raw_channels), call.groups
    options = service.options
    if are_too_many(channels, groups, options):
        raise ServiceError(400, "Too many channels or channel groups", SERVICE)
    return _without_presence(channels), _without_presence(groups)


def _without_presence(given: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(given) if not names.is_presence(name)]


def _resolved(service: Service, channels: list[str], groups: list[str]) -> tuple[str, ...]:
    """Return the channels, those of the groups included, in the one order that presence shares."""
    in_groups = [name for group in groups for name in service.groups.channels(group)]
    return tuple(sorted({*channels, *_without_presence(in_groups)}))


class _Answer:
    """What is said of each channel, encoded one by one, since all in one step would take long."""

    def __init__(self) -> None:
        self.parts: dict[str, msgspec.Raw] = {}
        self._size = 0

    def add(self, channel: str, said: Any) -> None:
        """Take in what is said of a channel.

        Raises:
            ServiceError: It has become too much for one answer.
        """
        encoded = msgspec.json.encode(said)
        self.parts[channel] = msgspec.Raw(encoded)
        self._size += len(encoded)
        if self._size > MAX_ANSWER_BYTES:
            raise ServiceError(400, "Too much for one answer: ask for fewer channels", SERVICE)


def _occupancies(service: Service, call: Call, channels: Iterable[str]) -> Steps[Any]:
    occupied = _Answer()
    total = 0
    for name in channels:
        found = _occupants(service, call, name)
        if found["occupancy"]:
            total += found["occupancy"]
            occupied.add(name, found)
        yield
    payload = {
        "total_occupancy": total,
        "total_channels": len(occupied.parts),
        "channels": occupied.parts,
    }
    return OK | {"payload": payload}


def _occupants(service: Service, call: Call, channel: str) -> dict[str, Any]:
    occupancy = service.presence.occupancy(channel)
    if call.flag("disable_uuids"):
        return {"occupancy": occupancy}
    offset = _number(call, "offset") or 0
    limit = min(_number(call, "limit") or MAX_LISTED, MAX_LISTED)
    uuids = service.presence.occupants(channel)[offset : offset + limit]
    if not call.flag("state"):
        return {"uuids": uuids, "occupancy": occupancy}
    described = []
    for uuid in uuids:
        state = service.presence.states.get(uuid, channel)
        described.append({"uuid": uuid, "state": state} if state else {"uuid": uuid})
    return {"uuids": described, "occupancy": occupancy}


def _change_state(
    service: Service, call: Call, uuid: str, channels: Sequence[str], state: dict[str, Any]
) -> Steps[None]:
    """Keep what a user says of itself, and tell whoever listens where it is present."""
    presence = service.presence
    for channel in presence.states.set(uuid, channels, state, now=call.now):
        if not service.live.listened_to(channel + names.PRESENCE):
            continue
        if presence.is_present(uuid, channel):
            occupancy = presence.occupancy(channel)
            told = event("state-change", occupancy, now=call.now, uuid=uuid, data=state)
            service.tell(channel, told, now=call.now)
            yield


def _state(call: Call) -> dict[str, Any]:
    try:
        if len(call.query["state"]) > MAX_STATE_BYTES:
            raise Malformed("state")
        return call.json_object("state") or {}
    except Malformed:
        raise ServiceError(400, "Invalid JSON specified.", SERVICE) from None


def _number(call: Call, name: str) -> int | None:
    try:
        return call.integer(name)
    except Malformed:
        raise ServiceError(400, f"Invalid {name}", SERVICE) from None
