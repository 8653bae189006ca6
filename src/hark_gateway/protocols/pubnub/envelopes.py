"""What subscribers are sent: envelopes, and the answers that carry them. Encoded once, here.

Each SDK fails in its own way without one of `f`, `p`, `k`, `c` and `d`, or with a region of 0.
"""

import json
from enum import IntEnum
from typing import Any

from .live import Event

REGION = 1


class MessageType(IntEnum):
    """What an envelope carries; messages leave it out."""

    MESSAGE = 0
    SIGNAL = 1
    ACTION = 3


def event(
    timetoken: int,
    channel: str,
    data: bytes,
    *,
    kind: MessageType = MessageType.MESSAGE,
    publisher: str | None = None,
    meta: bytes | None = None,
    custom_type: str | None = None,
    filterable: bool = False,
    kept: bool = True,
) -> Event:
    """Return an event; `data` and `meta` are JSON."""
    parts = [b'{"a":"1","f":0']
    if kind is not MessageType.MESSAGE:
        parts.append(b',"e":%d' % kind)
    if publisher is not None:
        parts.append(b',"i":' + _json(publisher))
    parts.append(b',"p":{"t":"%d","r":%d},"c":%b' % (timetoken, REGION, _json(channel)))
    if meta is not None:
        parts.append(b',"u":' + meta)
    if custom_type is not None:
        parts.append(b',"cmt":' + _json(custom_type))
    parts += [b',"d":', data]
    return Event(timetoken, channel, b"".join(parts), filterable=filterable, kept=kept)


def answer(cursor: int, events: list[tuple[Event, str | None]], subscribe_key: str) -> bytes:
    """Return the body of a subscribe answer; each event goes with the subscription it matched."""
    tail = b',"k":' + _json(subscribe_key)
    envelopes = [
        event.head + tail + (b"}" if label is None else b',"b":%b}' % _json(label))
        for event, label in events
    ]
    return b'{"t":{"t":"%d","r":%d},"m":[%b]}' % (cursor, REGION, b",".join(envelopes))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
