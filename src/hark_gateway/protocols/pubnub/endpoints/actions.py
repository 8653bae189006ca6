"""Message actions: add, list, remove."""

from typing import Any

import msgspec

from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.access import Rights
from hark_gateway.protocols.pubnub.envelopes import MessageType
from hark_gateway.protocols.pubnub.errors import ActionError
from hark_gateway.protocols.pubnub.names import BadName
from hark_gateway.protocols.pubnub.requests import Call, Malformed, decode, integer, parse_object
from hark_gateway.protocols.pubnub.service import Publication, Service
from hark_gateway.protocols.pubnub.storage import Action, Range
from hark_gateway.protocols.pubnub.tokens import Permission

MAX_LISTED = 100
MAX_PER_MESSAGE = 1000
MAX_TYPE_CHARACTERS = 15
MAX_VALUE_CHARACTERS = 256


def add(service: Service, call: Call, rights: Rights, raw_channel: str, raw_message: str) -> Any:
    """Attach something to a message and tell its channel."""
    channel, message = _channel(raw_channel), _timetoken(raw_message)
    rights.require(Permission.WRITE, [channel])
    kind, value = _content(call)
    if call.uuid is None:
        raise _invalid("Missing field", "uuid", "query")
    if service.actions.count(channel, message) >= MAX_PER_MESSAGE:
        raise ActionError(400, "Too many actions on this message")
    timetoken = service.clock.tick(call.now)
    action = Action(channel, message, kind, value, call.uuid, timetoken)
    if not service.actions.add(action, now=call.now):
        raise ActionError(409, "Action Already Added")
    _tell(service, "added", action)
    return {"status": 200, "data": _described(action)}


def list_(service: Service, call: Call, rights: Rights, raw_channel: str) -> Any:
    """Return what was attached to the messages of a channel."""
    channel = _channel(raw_channel)
    rights.require(Permission.READ, [channel])
    try:
        within = Range(call.integer("start"), call.integer("end"))
        limit = min(call.integer("limit") or MAX_LISTED, MAX_LISTED)
    except Malformed as fault:
        raise _invalid("Invalid value", str(fault), "query") from None
    actions = service.actions.fetch(channel, within, limit=limit + 1)
    more, actions = len(actions) > limit, actions[-limit:]
    answer: dict[str, Any] = {"status": 200, "data": [_described(action) for action in actions]}
    if more:
        path = call.request.path.decode("ascii")
        answer["more"] = {"url": path, "start": str(actions[0].timetoken), "limit": limit}
        if within.end is not None:
            answer["more"]["end"] = str(within.end)
    return answer


def remove(
    service: Service, call: Call, rights: Rights, raw_channel: str, raw_names: tuple[str, str]
) -> Any:
    """Detach one's own action, named after its message, and tell the channel."""
    raw_message, raw_action = raw_names
    channel, message = _channel(raw_channel), _timetoken(raw_message)
    rights.require(Permission.DELETE, [channel])
    action = service.actions.find(channel, message, _timetoken(raw_action))
    if action is None:
        raise ActionError(400, "No matching message actions to delete")
    if action.uuid != call.uuid:
        raise ActionError(400, "Not deleting message action: wrong uuid specified")
    service.actions.remove(action)
    _tell(service, "removed", action)
    return {"status": 200, "data": {}}


def _tell(service: Service, what: str, action: Action) -> None:
    data = _described(action)
    del data["uuid"]  # the envelope says who
    event = {"source": "actions", "version": "1.0", "event": what, "data": data}
    publication = Publication(
        channel=action.channel, data=msgspec.json.encode(event), publisher=action.uuid
    )
    service.emit(MessageType.ACTION, publication, now=service.now())


def _described(action: Action) -> dict[str, str]:
    return {
        "messageTimetoken": str(action.message),
        "type": action.type,
        "uuid": action.uuid,
        "value": action.value,
        "actionTimetoken": str(action.timetoken),
    }


def _content(call: Call) -> tuple[str, str]:
    try:
        body = parse_object(call.body)
    except Malformed:
        raise _invalid("Invalid JSON", "body", "body") from None
    kind, value = body.get("type"), body.get("value")
    for name, field, limit in (
        ("type", kind, MAX_TYPE_CHARACTERS),
        ("value", value, MAX_VALUE_CHARACTERS),
    ):
        if field is None:
            raise _invalid("Missing field", name, "body")
        if not isinstance(field, str) or not 0 < len(field) <= limit:
            raise _invalid("Invalid value", name, "body")
    return str(kind), str(value)


def _channel(raw: str) -> str:
    try:
        return names.check(decode(raw))
    except BadName:
        raise _invalid("Invalid value", "channel", "path") from None


def _timetoken(raw: str) -> int:
    try:
        return integer(raw)
    except Malformed:
        raise _invalid("Invalid value", "timetoken", "path") from None


def _invalid(message: str, location: str, kind: str) -> ActionError:
    detail = (message, location, kind)
    return ActionError(400, "Request payload contained invalid input.", detail)
