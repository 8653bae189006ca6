"""Presence: which users are where, and what they say of themselves.

A user enters a whole list of channels at once and stays while polls or heartbeats renew the list.
Lists are shared by all who have the same one (`lists`).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from hark_gateway.hub.timers import TimerWheel

from .lists import Lists, NameList
from .states import States

POLL_SECONDS = 280.0
"""How long PubNub's network holds a poll. Ours end sooner, and that is nobody's sign of life."""
MAX_STAYS = 32
"""Lists that one user is on at once. Whoever comes with another one leaves the list that would end
first, so that nobody's lists take long to look through."""
Action = Literal["join", "leave", "timeout"]


class Change(NamedTuple):
    """Someone came to a channel or went; `occupancy` is how many are there afterwards."""

    action: Action
    channel: str
    uuid: str
    occupancy: int


class Stay:
    """One user's presence on one list of channels."""

    __slots__ = ("beats", "channels", "expires", "polled", "seconds", "uuid", "wheel_slot")

    def __init__(self, uuid: str, channels: "NameList[Any, Stay]") -> None:
        self.uuid = uuid
        self.channels = channels
        self.expires = 0.0
        self.seconds = 0.0
        """What was last asked for, and counts wherever a renewal asks for nothing."""
        self.beats = False
        """Whether heartbeats renew it."""
        self.polled = 0.0
        """When a poll renewed it last."""
        self.wheel_slot = 0

    def renew(self, *, seconds: float | None, beat: bool, now: float) -> None:
        """Let it last from now on; a poll does not where heartbeats do, unless it is a long one."""
        if beat:
            self.beats = True
        elif self.beats and now < self.polled + POLL_SECONDS:
            return
        else:
            self.polled = now
        self.seconds = seconds or self.seconds
        self.expires = now + self.seconds


class Presence:
    """Who is present on every channel.

    Args:
        max_stays: How many lists of how many users are remembered in all; whoever comes then is
            not counted.
        default_seconds: How long a user stays who never said how long.
    """

    def __init__(
        self, lists: Lists[Any, Stay], *, max_stays: int = 500_000, default_seconds: float = 300
    ) -> None:
        self._lists = lists
        self._max_stays = max_stays
        self._default_seconds = default_seconds
        self._stays: dict[str, list[Stay]] = {}  # by uuid
        self._count = 0
        self._occupancy: dict[str, int] = {}
        self.states = States(self.is_present)
        self._wheel: TimerWheel[Stay] = TimerWheel(tick=0.2)

    def enter(
        self,
        uuid: str,
        names: tuple[str, ...],
        *,
        seconds: float | None,
        now: float,
        beat: bool = False,
    ) -> list[Change]:
        """Renew a user's presence on a list of channels; return whom that made join.

        Args:
            seconds: How long it lasts; None for as long as was asked for before.
            beat: Whether this is a heartbeat, not a poll.
        """
        channels = self._lists.find(names)
        stay = channels.stays.get(uuid) if channels is not None else None
        if stay is not None:
            before = stay.expires
            stay.renew(seconds=seconds, beat=beat, now=now)
            if stay.expires < before:  # otherwise the wheel finds out when it comes to the old time
                self._wheel.set(stay, stay.expires)
            return []
        if not names or self._count >= self._max_stays:
            return []
        new = self._where_only(uuid, names)
        stays = self._stays.get(uuid, ())
        ending = min(stays, key=_expiry) if len(stays) >= MAX_STAYS else None
        came_to = self._add(uuid, names)
        came_to.polled = now
        came_to.renew(seconds=seconds or self._default_seconds, beat=beat, now=now)
        self._wheel.set(came_to, came_to.expires)
        changes = [self._changed("join", name, uuid, +1) for name in names if name in new]
        if ending is not None:
            self._remove(ending)
            changes += self._timeouts(ending)
        return changes

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
                kept = self._add(uuid, rest)
                kept.beats, kept.polled = stay.beats, stay.polled
                kept.expires, kept.seconds = stay.expires, stay.seconds
                self._wheel.set(kept, kept.expires)
        return [self._gone("leave", name, uuid) for name in sorted(were)]

    def due(self, now: float) -> Iterator[Change]:
        """Take out whoever has not renewed in time, and yield it. Call it a few times a second."""
        for stay in self._wheel.due(now):
            if stay.expires > now:
                self._wheel.set(stay, stay.expires)
                continue
            self._remove(stay)
            yield from self._timeouts(stay)

    def is_present(self, uuid: str, channel: str) -> bool:
        return any(channel in stay.channels for stay in self._stays.get(uuid, ()))

    def _where_only(self, uuid: str, names: Iterable[str]) -> set[str]:
        """Return the channels among `names` that none of the user's stays is on."""
        only = set(names)
        for stay in self._stays.get(uuid, ()):
            only.difference_update(stay.channels.names)
        return only

    def _timeouts(self, over: Stay) -> Iterator[Change]:
        """Yield where a user is no longer, now that a stay has been removed."""
        gone = self._where_only(over.uuid, over.channels.names)
        for name in over.channels.names:
            if name in gone:
                yield self._gone("timeout", name, over.uuid)

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

    def _add(self, uuid: str, names: tuple[str, ...]) -> Stay:
        channels = self._lists.obtain(names)
        stay = channels.stays[uuid] = Stay(uuid, channels)
        self._stays.setdefault(uuid, []).append(stay)
        self._count += 1
        return stay

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
        self.states.forget(uuid, channel)
        return self._changed(action, channel, uuid, -1)

    def _changed(self, action: Action, channel: str, uuid: str, by: int) -> Change:
        occupancy = self._occupancy.get(channel, 0) + by
        if occupancy:
            self._occupancy[channel] = occupancy
        else:
            self._occupancy.pop(channel, None)
        return Change(action, channel, uuid, occupancy)


def _expiry(stay: Stay) -> float:
    return stay.expires
