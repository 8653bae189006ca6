"""Presence: which users are where, and what they say of themselves.

A user enters a whole list of channels at once and stays while polls or heartbeats renew the list.
Lists are shared by all who have the same one (`lists`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hark_gateway.hub.timers import TimerWheel

from .lists import Lists, NameList

Action = Literal["join", "leave", "timeout"]


@dataclass(frozen=True, slots=True)
class Change:
    """Someone came to a channel or went; `occupancy` is how many are there afterwards."""

    action: Action
    channel: str
    uuid: str
    occupancy: int


class Stay:
    """One user's presence on one list of channels."""

    __slots__ = ("channels", "expires", "uuid", "wheel_slot")

    def __init__(self, uuid: str, channels: NameList, expires: float) -> None:
        self.uuid = uuid
        self.channels = channels
        self.expires = expires
        self.wheel_slot = 0


class Presence:
    """Who is present on every channel.

    Args:
        max_stays: How many lists of how many users are remembered in all; whoever comes then is
            not counted.
    """

    def __init__(self, lists: Lists, *, max_stays: int = 500_000) -> None:
        self._lists = lists
        self._max_stays = max_stays
        self._stays: dict[str, list[Stay]] = {}  # by uuid
        self._count = 0
        self._occupancy: dict[str, int] = {}
        self._state: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._wheel: TimerWheel[Stay] = TimerWheel(tick=1)

    def enter(
        self, uuid: str, names: tuple[str, ...], *, seconds: float, now: float
    ) -> list[Change]:
        """Renew a user's presence on a list of channels for so long; return whom that made join."""
        channels = self._lists.find(names)
        stay = channels.stays.get(uuid) if channels is not None else None
        if stay is not None:
            sooner = now + seconds < stay.expires
            stay.expires = now + seconds
            if sooner:  # otherwise the wheel finds out when it comes to the old time
                self._wheel.set(stay, stay.expires)
            return []
        if not names or self._count >= self._max_stays:
            return []
        came = [name for name in names if not self.is_present(uuid, name)]
        self._add(uuid, names, now + seconds)
        return [self._changed("join", name, uuid, +1) for name in came]

    def leave(self, uuid: str, names: Iterable[str]) -> list[Change]:
        """Take a user out of channels; return where they had been."""
        left = set(names)
        touched = [
            stay for stay in self._stays.get(uuid, ()) if left.intersection(stay.channels.names)
        ]
        were = {name for stay in touched for name in stay.channels.names if name in left}
        for stay in touched:
            self._remove(stay)
            rest = tuple(name for name in stay.channels.names if name not in left)
            if rest and uuid not in self._lists.obtain(rest).stays:
                self._add(uuid, rest, stay.expires)
        return [self._gone("leave", name, uuid) for name in sorted(were)]

    def due(self, now: float) -> Iterator[Change]:
        """Take out whoever has not renewed in time, and yield it. Call it about once a second."""
        for stay in self._wheel.due(now):
            if stay.expires > now:
                self._wheel.set(stay, stay.expires)
                continue
            self._remove(stay)
            for name in stay.channels.names:
                if not self.is_present(stay.uuid, name):
                    yield self._gone("timeout", name, stay.uuid)

    def is_present(self, uuid: str, channel: str) -> bool:
        return any(channel in stay.channels.names for stay in self._stays.get(uuid, ()))

    def occupancy(self, channel: str) -> int:
        """Return how many users are on a channel."""
        return self._occupancy.get(channel, 0)

    def occupants(self, channel: str) -> list[str]:
        """Return the users on a channel, each once."""
        lists = self._lists.on(channel)
        return list(dict.fromkeys(uuid for each in lists for uuid in each.stays))

    def occupied(self) -> list[str]:
        """Return every channel that somebody is on."""
        return list(self._occupancy)

    def channels_of(self, uuid: str) -> list[str]:
        """Return the channels a user is on, each once."""
        stays = self._stays.get(uuid, ())
        return list(dict.fromkeys(name for stay in stays for name in stay.channels.names))

    def set_state(self, uuid: str, channel: str, state: Mapping[str, Any]) -> bool:
        """Keep what a user says of itself where it is present; return whether that is new."""
        if not self.is_present(uuid, channel) or self._state.get((channel, uuid), {}) == state:
            return False
        self._state[channel, uuid] = state
        return True

    def state(self, uuid: str, channel: str) -> Mapping[str, Any]:
        """Return what a user says of itself on a channel; nothing if it says nothing."""
        return self._state.get((channel, uuid), {})

    def _add(self, uuid: str, names: tuple[str, ...], expires: float) -> None:
        channels = self._lists.obtain(names)
        stay = channels.stays[uuid] = Stay(uuid, channels, expires)
        self._stays.setdefault(uuid, []).append(stay)
        self._count += 1
        self._wheel.set(stay, expires)

    def _remove(self, stay: Stay) -> None:
        self._wheel.cancel(stay)
        self._count -= 1
        stays = self._stays[stay.uuid]
        stays.remove(stay)
        if not stays:
            del self._stays[stay.uuid]
        del stay.channels.stays[stay.uuid]
        self._lists.release(stay.channels)

    def _gone(self, action: Action, channel: str, uuid: str) -> Change:
        self._state.pop((channel, uuid), None)
        return self._changed(action, channel, uuid, -1)

    def _changed(self, action: Action, channel: str, uuid: str, by: int) -> Change:
        occupancy = self._occupancy.get(channel, 0) + by
        if occupancy:
            self._occupancy[channel] = occupancy
        else:
            self._occupancy.pop(channel, None)
        return Change(action, channel, uuid, occupancy)
