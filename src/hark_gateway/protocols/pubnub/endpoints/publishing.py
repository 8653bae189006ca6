"""Publish, fire and signal."""

import re
from typing import Any

from hark_gateway.hub.errors import HubError
from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.access import Keyset
from hark_gateway.protocols.pubnub.envelopes import MessageType
from hark_gateway.protocols.pubnub.errors import DataError
from hark_gateway.protocols.pubnub.names import BadName
from hark_gateway.protocols.pubnub.requests import Call, Malformed, check_json, decode
from hark_gateway.protocols.pubnub.service import Publication, Service
from hark_gateway.protocols.pubnub.tokens import Permission

MAX_SIGNAL_BYTES = 64
_CUSTOM_TYPE = re.compile(r"(?!pn[-_])[A-Za-z0-9][A-Za-z0-9_-]{2,49}")


def publish(service: Service, call: Call, keys: tuple[str, str], name: str, payload: bytes) -> Any:
    """Publish a message, or fire it.

    To fire is to publish for the service's own functions alone; there are none here, so a message
    that is neither stored nor replicated is acknowledged and goes nowhere.
    """
    channel = _admit(service, call, keys, name)
    if len(payload) + len(channel.encode()) > service.options.max_message_bytes:
        raise _refusal(service, call, 400, "Message Too Large")
    publication = Publication(
        channel=channel,
        data=_json(service, call, payload),
        publisher=call.uuid,
        meta=_meta(service, call),
        custom_type=_custom_type(service, call),
        store=call.flag("store", default=True),
        ttl=_ttl(call),
    )
    if call.flag("norep") and not publication.store:
        timetoken = service.clock.tick(call.now)
    else:
        try:
            timetoken = service.publish(publication, now=call.now)
        except HubError as fault:
            raise _refusal(service, call, 400, str(fault).capitalize()) from None
    return [1, "Sent", str(timetoken)]


def signal(service: Service, call: Call, keys: tuple[str, str], name: str, payload: bytes) -> Any:
    """Deliver a few bytes that are never stored."""
    channel = _admit(service, call, keys, name)
    if len(payload) > MAX_SIGNAL_BYTES:
        raise _refusal(service, call, 400, "Signal size too large")
    data = _json(service, call, payload)
    publication = Publication(
        channel=channel,
        data=data,
        publisher=call.uuid,
        custom_type=_custom_type(service, call),
    )
    timetoken = service.emit(MessageType.SIGNAL, publication, now=call.now)
    return [1, "Sent", str(timetoken)]


def _admit(service: Service, call: Call, keys: tuple[str, str], raw_name: str) -> str:
    """Check the sender and return the channel."""
    publish_key, subscribe_key = keys
    keyset: Keyset | None = service.gatekeeper.keysets.get(subscribe_key)
    if keyset is None or keyset.publish_key != publish_key:
        raise _refusal(service, call, 400, "Invalid Key")
    channel = decode(raw_name)
    service.gatekeeper.rights(keyset, call).require(Permission.WRITE, [channel])
    try:
        names.check(channel)
    except BadName:
        raise _refusal(service, call, 400, "Invalid Channel") from None
    if names.is_presence(channel):
        raise _refusal(service, call, 400, "Invalid Channel")
    if channel.count(".") > names.MAX_DOTS:
        raise _refusal(service, call, 400, "Wildcard maximum depth exceeded")
    return channel


def _json(service: Service, call: Call, payload: bytes) -> bytes:
    try:
        return check_json(payload)
    except Malformed:
        raise _refusal(service, call, 400, "Invalid JSON") from None


def _meta(service: Service, call: Call) -> bytes | None:
    text = call.get("meta")
    return _json(service, call, text.encode()) if text else None


def _custom_type(service: Service, call: Call) -> str | None:
    text = call.get("custom_message_type")
    if text and not _CUSTOM_TYPE.fullmatch(text):
        raise _refusal(service, call, 400, "Invalid custom_message_type")
    return text or None


def _ttl(call: Call) -> float:
    """Return how long to store, in seconds; the parameter is in hours."""
    try:
        hours = float(call.query.get("ttl") or 0)
    except ValueError:
        raise Malformed("ttl") from None
    if not 0 <= hours < 1_000_000:
        raise Malformed("ttl")
    return hours * 3600


def _refusal(service: Service, call: Call, status: int, message: str) -> DataError:
    return DataError(status, message, service.clock.tick(call.now))
