"""Presence: which users are where, and what they say of themselves.

A user enters a whole list of channels at once and stays while polls or heartbeats renew the list.
Lists are shared by all who have the same one, so that a user costs the same memory for one channel
as for a hundred.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hark_gateway.hub.timers import TimerWheel

Action = Literal["join", "leave", "timeout"]


@dataclass(frozen=True, slots=True)
class Change:
    """Someone came to a channel or went; `occupancy` is how many are there afterwards."""

    action: Action
    channel: str
    uuid: str
    occupancy: int


class Audience:
    """Everybody who is present on exactly this list of channels."""

    __slots__ = ("names", "stays")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.stays: dict[str, Stay] = {}


class Stay:
    """One user's presence on one list of channels."""

    __slots__ = ("audience", "expires", "uuid", "wheel_slot")

    def __init__(self, uuid: str, audience: Audience, expires: float) -> None:
        self.uuid = uuid
        self.audience = audience
        self.expires = expires
        self.wheel_slot = 0


class Presence:
    """Who is present on every channel.

    Args:
        max_stays: How many lists of how many users are remembered in all; whoever comes then is
            not counted.
    """

    def __init__(self, *, max_stays: int = 500_000) -> None:
        self._max_stays = max_stays
        self._audiences: dict[tuple[str, ...], Audience] = {}
        self._on: dict[str, list[Audience]] = {}  # by channel; may name audiences that are empty
        self._emptied: set[str] = set()
        self._stays: dict[str, list[Stay]] = {}  # by uuid
        self._count = 0
        self._occupancy: dict[str, int] = {}
        self._state: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._wheel: TimerWheel[Stay] = TimerWheel(tick=1)

    def enter(
        self, uuid: str, names: tuple[str, ...], *, seconds: float, now: float
    ) -> list[Change]:
        """Renew a user's presence on a list of channels for so long; return whom that made join."""
        audience = self._audiences.get(names)
        stay = audience.stays.get(uuid) if audience is not None else None
        if stay is not None:
            sooner = now + seconds < stay.expires
            stay.expires = now + seconds
            if sooner:  # otherwise the wheel finds out when it comes to the old time
                self._wheel.set(stay, stay.expires)
            return []
        if not names or self._count >= self._max_stays:
            return []
        came = [name for name in names if not self.is_present(uuid, name)]
        self._add(uuid, audience or self._open(names), now + seconds)
        return [self._changed("join", name, uuid, +1) for name in came]

    def leave(self, uuid: str, names: Iterable[str]) -> list[Change]:
        """Take a user out of channels; return where they had been."""
        left = set(names)
        touched = [
            stay for stay in self._stays.get(uuid, ()) if left.intersection(stay.audience.names)
        ]
        were = {name for stay in touched for name in stay.audience.names if name in left}
        for stay in touched:
            self._remove(stay)
            rest = tuple(name for name in stay.audience.names if name not in left)
            audience = self._audiences.get(rest) or (self._open(rest) if rest else None)
            if audience is not None and uuid not in audience.stays:
                self._add(uuid, audience, stay.expires)
        return [self._gone("leave", name, uuid) for name in sorted(were)]

    def due(self, now: float) -> Iterator[Change]:
        """Take out whoever has not renewed in time, and yield it. Call it about once a second."""
        for stay in self._wheel.due(now):
            if stay.expires > now:
                self._wheel.set(stay, stay.expires)
                continue
            self._remove(stay)
            for name in stay.audience.names:
                if not self.is_present(stay.uuid, name):
                    yield self._gone("timeout", name, stay.uuid)
        self._tidy()

    def is_present(self, uuid: str, channel: str) -> bool:
        return any(channel in stay.audience.names for stay in self._stays.get(uuid, ()))

    def occupancy(self, channel: str) -> int:
        """Return how many users are on a channel."""
        return self._occupancy.get(channel, 0)

    def occupants(self, channel: str) -> list[str]:
        """Return the users on a channel, each once."""
        audiences = self._on.get(channel, ())
        return list(dict.fromkeys(uuid for audience in audiences for uuid in audience.stays))

    def occupied(self) -> list[str]:
        """Return every channel that somebody is on."""
        return list(self._occupancy)

    def channels_of(self, uuid: str) -> list[str]:
        """Return the channels a user is on, each once."""
        stays = self._stays.get(uuid, ())
        return list(dict.fromkeys(name for stay in stays for name in stay.audience.names))

    def set_state(self, uuid: str, channel: str, state: Mapping[str, Any]) -> bool:
        """Keep what a user says of itself where it is present; return whether that is new."""
        if not self.is_present(uuid, channel) or self._state.get((channel, uuid), {}) == state:
            return False
        self._state[channel, uuid] = state
        return True

    def state(self, uuid: str, channel: str) -> Mapping[str, Any]:
        """Return what a user says of itself on a channel; nothing if it says nothing."""
        return self._state.get((channel, uuid), {})

    def _open(self, names: tuple[str, ...]) -> Audience:
        audience = self._audiences[names] = Audience(names)
        for name in names:
            self._on.setdefault(name, []).append(audience)
        return audience

    def _add(self, uuid: str, audience: Audience, expires: float) -> None:
        stay = audience.stays[uuid] = Stay(uuid, audience, expires)
        self._stays.setdefault(uuid, []).append(stay)
        self._count += 1
        self._wheel.set(stay, expires)

    def _remove(self, stay: Stay) -> None:
        audience = stay.audience
        self._wheel.cancel(stay)
        self._count -= 1
        stays = self._stays[stay.uuid]
        stays.remove(stay)
        if not stays:
            del self._stays[stay.uuid]
        del audience.stays[stay.uuid]
        if not audience.stays:
            del self._audiences[audience.names]
            self._emptied.update(audience.names)

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

    def _tidy(self) -> None:
        """Drop empty audiences from the index, all of one channel in one go."""
        for name in self._emptied:
            rest = [audience for audience in self._on.get(name, ()) if audience.stays]
            if rest:
                self._on[name] = rest
            else:
                self._on.pop(name, None)
        self._emptied.clear()
