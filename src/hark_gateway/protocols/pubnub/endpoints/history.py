"""History: fetch, delete and count, and the older form of fetching."""

from typing import Any

import msgspec

from hark_gateway.hub.turns import Steps
from hark_gateway.protocols.pubnub.access import Rights
from hark_gateway.protocols.pubnub.errors import HistoryError
from hark_gateway.protocols.pubnub.requests import Call, Malformed, decode, path_names
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.storage import Action, Message, Range
from hark_gateway.protocols.pubnub.tokens import Permission

OK: dict[str, Any] = {"status": 200, "error": False, "error_message": ""}
MAX_CHANNELS = 500
MAX_ANSWER_BYTES = 32 << 20
DELETED_AT_ONCE = 50
"""Messages deleted in one step; each may have a thousand actions."""
ONE_CHANNEL, MANY_CHANNELS = 100, 25
"""Messages per channel: default and limit, for one channel and for several or with actions."""


def fetch(service: Service, call: Call, rights: Rights, raw_channels: str) -> Steps[Any]:
    """Return the messages of one or several channels."""
    channels = yield from _channels(rights, Permission.READ, raw_channels)
    limit = _limit(call, "max", ONE_CHANNEL if len(channels) == 1 else MANY_CHANNELS)
    within = _range(call)
    found: dict[str, msgspec.Raw] = {}
    size = 0
    for channel in channels:
        if messages := service.messages.fetch(channel, within, limit=limit, now=call.now):
            found[channel] = _encoded([_item(call, message) for message in messages])
            size += len(bytes(found[channel]))
        if size > MAX_ANSWER_BYTES:
            raise HistoryError(400, "Too much for one answer: ask for fewer channels or messages")
        yield
    return OK | {"channels": found}


def fetch_with_actions(
    service: Service, call: Call, rights: Rights, raw_channel: str
) -> Steps[Any]:
    """Return the messages of one channel, each with what was attached to it."""
    channels = yield from _channels(rights, Permission.READ, raw_channel)
    if len(channels) != 1:
        raise HistoryError(400, "History with actions takes one channel")
    (channel,) = channels
    limit = _limit(call, "max", MANY_CHANNELS)
    within = _range(call)
    messages = service.messages.fetch(channel, within, limit=limit + 1, now=call.now)
    more, messages = len(messages) > limit, messages[-limit:]
    items = []
    for message in messages:
        actions = service.actions.of_messages(channel, [message.timetoken])
        described = _actions(actions.get(message.timetoken, []))
        items.append(_encoded(_item(call, message) | described))
        yield
    answer = OK | {"channels": {channel: items} if items else {}}
    if more:
        path = call.request.path.decode("ascii")
        answer["more"] = {"url": path, "start": str(messages[0].timetoken), "max": limit}
    return answer


def delete(service: Service, call: Call, rights: Rights, raw_channel: str) -> Steps[Any]:
    """Remove messages of one channel for good."""
    channels = yield from _channels(rights, Permission.DELETE, raw_channel)
    if len(channels) != 1:
        raise HistoryError(400, "Delete takes one channel")
    within = _range(call)
    while service.messages.delete(channels[0], within, limit=DELETED_AT_ONCE) == DELETED_AT_ONCE:
        yield
    return OK


def count(service: Service, call: Call, rights: Rights, raw_channels: str) -> Steps[Any]:
    """Say how many messages channels have had since a timetoken, or each since its own."""
    channels = yield from _channels(rights, Permission.READ, raw_channels)
    text = call.get("channelsTimetoken") or call.get("timetoken") or ""
    since = [_timetoken("timetoken", each) for each in text.split(",")]
    if len(since) == 1:
        since *= len(channels)
    if len(since) != len(channels):
        raise HistoryError(400, "Invalid Arguments: channelsTimetoken")
    counted = {}
    for name, each in zip(channels, since, strict=True):
        counted[name] = service.messages.count(name, each, now=call.now)
        yield
    return OK | {"channels": counted}


def old_fetch(service: Service, call: Call, rights: Rights, raw_channel: str) -> Any:
    """Return the messages of one channel in the form of version 2."""
    channel = decode(raw_channel)
    rights.require(Permission.READ, [channel])
    messages = service.messages.fetch(
        channel,
        _range(call),
        limit=_limit(call, "count", ONE_CHANNEL),
        now=call.now,
        oldest_first=call.flag("reverse"),
    )
    first, last = (messages[0].timetoken, messages[-1].timetoken) if messages else (0, 0)
    return [[_old_item(call, message) for message in messages], first, last]


def _old_item(call: Call, message: Message) -> Any:
    data = msgspec.Raw(message.data)
    with_token, with_meta = call.flag("include_token"), call.flag("include_meta")
    if not with_token and not with_meta:
        return data
    item: dict[str, Any] = {"message": data}
    if with_token:
        text = call.flag("string_message_token")
        item["timetoken"] = str(message.timetoken) if text else message.timetoken
    if with_meta:
        item["meta"] = _meta(message)
    return item


def _item(call: Call, message: Message) -> dict[str, Any]:
    item: dict[str, Any] = {
        "message": msgspec.Raw(message.data),
        "timetoken": str(message.timetoken),
    }
    if call.flag("include_meta"):
        item["meta"] = _meta(message)
    if call.flag("include_uuid"):
        item["uuid"] = message.publisher
    if call.flag("include_message_type"):
        item["message_type"] = None  # a plain message; no other kind is stored
    if call.flag("include_custom_message_type"):
        item["custom_message_type"] = message.custom_type
    return item


def _meta(message: Message) -> Any:
    return "" if message.meta is None else msgspec.Raw(message.meta)


def _actions(actions: list[Action]) -> dict[str, Any]:
    by_type: dict[str, dict[str, list[dict[str, str]]]] = {}
    for each in actions:
        who = {"uuid": each.uuid, "actionTimetoken": str(each.timetoken)}
        by_type.setdefault(each.type, {}).setdefault(each.value, []).append(who)
    return {"actions": by_type} if by_type else {}


def _encoded(value: Any) -> msgspec.Raw:
    """Return a part of an answer, so that the whole need not be encoded in one step."""
    return msgspec.Raw(msgspec.json.encode(value))


def _channels(rights: Rights, permission: Permission, raw: str) -> Steps[list[str]]:
    channels = list(dict.fromkeys(path_names(raw)))
    if not 0 < len(channels) <= MAX_CHANNELS:
        raise HistoryError(400, "Invalid Arguments: channel")
    yield from rights.require_each(permission, channels)
    return channels


def _range(call: Call) -> Range:
    start, end = call.get("start"), call.get("end")
    return Range(
        _timetoken("start", start) if start else None, _timetoken("end", end) if end else None
    )


def _timetoken(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise HistoryError(400, f"Invalid Arguments: {name}")
    return int(text)


def _limit(call: Call, name: str, highest: int) -> int:
    try:
        given = call.integer(name)
    except Malformed:
        raise HistoryError(400, f"Invalid Arguments: {name}") from None
    return min(given or highest, highest)
