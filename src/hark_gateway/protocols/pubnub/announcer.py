"""Presence events: what subscribers of `room-pnpres` are told, one by one or in batches.

In a channel of many, every arrival told to everyone would cost the square of their number; above a
limit changes are gathered and told together at intervals.
"""

from dataclasses import dataclass, field
from typing import Any

from .presence import Change

Event = dict[str, Any]
MAX_NAMED = 1000
"""Users named in one interval event; beyond that, clients are asked to fetch the list."""


@dataclass(slots=True)
class _Gathered:
    """What changed in one channel since its last event: by user, the last thing that happened."""

    due: float
    occupancy: int = 0
    changes: dict[str, str] = field(default_factory=dict)


class Announcer:
    """Turns changes of presence into events.

    Args:
        announce_max: Occupants up to which every change has an event of its own.
        interval: Seconds between the events of larger channels.
    """

    def __init__(self, *, announce_max: int = 20, interval: float = 10) -> None:
        self._announce_max = announce_max
        self._interval = interval
        self._gathered: dict[str, _Gathered] = {}

    def note(self, change: Change, *, now: float) -> Event | None:
        """Take in a change; return the event to send now, if there is one."""
        gathered = self._gathered.get(change.channel)
        if gathered is None and change.occupancy <= self._announce_max:
            return event(change.action, change.occupancy, now=now, uuid=change.uuid)
        if gathered is None:
            gathered = self._gathered[change.channel] = _Gathered(now + self._interval)
        gathered.occupancy = change.occupancy
        gathered.changes[change.uuid] = change.action
        return None

    def due(self, now: float) -> list[tuple[str, Event]]:
        """Return the channels whose gathered changes are due, and the event for each."""
        names = [name for name, gathered in self._gathered.items() if gathered.due <= now]
        return [(name, _interval_event(self._gathered.pop(name), now)) for name in names]


def event(action: str, occupancy: int, *, now: float, **more: Any) -> Event:
    """Return one presence event. SDKs insist on timestamp and occupancy being integers."""
    return {
        "action": action,
        "timestamp": int(now),
        "precise_timestamp": int(now * 1000),
        "occupancy": occupancy,
        **more,
    }


def _interval_event(gathered: _Gathered, now: float) -> Event:
    if len(gathered.changes) > MAX_NAMED:
        return event("interval", gathered.occupancy, now=now, here_now_refresh=True)
    lists: dict[str, list[str]] = {}
    for uuid, action in gathered.changes.items():
        lists.setdefault(action, []).append(uuid)
    return event("interval", gathered.occupancy, now=now, **lists)
