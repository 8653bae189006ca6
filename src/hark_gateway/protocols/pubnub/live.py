"""What subscribers may still catch up with, and who is interested in what.

Each name has a log of its last events. An interest is a list of names that some clients subscribe
to together; it is kept between their polls, so that a poll that finds nothing new costs the same
for one name as for a hundred. Nothing here waits or knows a socket.
"""

import heapq
import json
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice, repeat
from typing import Any

from hark_gateway.hub.timers import TimerWheel
from hark_gateway.hub.turns import Steps

from . import names
from .filters import Sources
from .lists import Lists

MAX_BATCH = 100
"""Events in one answer."""
MAX_BATCH_BYTES = 1 << 20
AT_ONCE = 100
"""Names that one step registers, or looks at."""
MANY = 64
"""Users returning to one list of names before those are looked for who did not."""
RETURN_SECONDS = 1.0
"""How soon a client that was answered must poll again to have missed nothing at all."""


class Event:
    """Something subscribers are sent. `head` is its envelope, all but the last brace.

    One that is not `kept` is for whoever is there, and nobody catches up with it.
    """

    __slots__ = ("channel", "filterable", "head", "kept", "timetoken")

    def __init__(
        self,
        timetoken: int,
        channel: str,
        head: bytes,
        *,
        filterable: bool = False,
        kept: bool = True,
    ) -> None:
        self.timetoken = timetoken
        self.channel = channel
        self.head = head
        self.filterable = filterable
        self.kept = kept

    @property
    def sources(self) -> Sources:
        """What filter expressions may look at; nothing in what Python's parser gives up on."""
        try:
            envelope: Mapping[str, Any] = json.loads(self.head + b"}")
        except (ValueError, RecursionError):
            return Sources(None, None)
        return Sources(envelope["d"], envelope.get("u"))


class Log:
    """The last events of one name."""

    __slots__ = ("events", "forgotten", "name", "wheel_slot")

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Event] = []
        self.forgotten = 0.0
        self.wheel_slot = 0


class Absence:
    """The moment between an answer and the next poll: until when, and what came meanwhile."""

    __slots__ = ("heard", "over")

    def __init__(self, over: float) -> None:
        self.over = over
        self.heard: list[tuple[Event, str | None]] | None = None  # as nearly always


class Interest:
    """A list of names that clients subscribe to together.

    Args:
        plain: Channels and wildcards, as subscribed.
        by_group: For each channel that only a group led to, that group's name as subscribed.
    """

    __slots__ = (
        "alive", "by_group", "last", "names", "pending", "registered", "returning", "waiting",
        "wheel_slot",
    )  # fmt: skip

    def __init__(self, plain: Iterable[str], by_group: Mapping[str, str]) -> None:
        self.names = tuple(sorted({sys.intern(name) for name in (*plain, *by_group)}))
        self.by_group = by_group
        self.last = 0
        """The highest timetoken that ever matched."""
        self.pending: list[tuple[Event, str | None]] = []
        """Matched since the last delivery, each with the subscription that matched."""
        self.waiting: dict[Any, None] = {}
        """Whoever waits for the next event, in order of arrival."""
        self.returning: dict[str, Absence] = {}
        """Users who were answered just now and have not polled again."""
        self.registered = False
        """Whether it hears of all its names by now."""
        self.alive = True
        self.wheel_slot = 0

    def expect(self, uuid: str, *, now: float) -> None:
        """Let a user hear once, on its return, what is not kept and comes before it is back."""
        size = len(self.returning)
        if size >= MANY and not size & (size - 1):  # each time that there are twice as many
            late = [each for each, absence in self.returning.items() if absence.over <= now]
            for each in late:
                del self.returning[each]
        self.returning[uuid] = Absence(now + RETURN_SECONDS)

    def welcome(self, uuid: str, *, now: float) -> list[tuple[Event, str | None]]:
        """Return what a user that is back soon enough is to hear of its absence."""
        absence = self.returning.pop(uuid, None)
        return absence.heard or [] if absence is not None and absence.over > now else []

    def label(self, name: str) -> str | None:
        """Return the subscription to be named when the log `name` had the event."""
        return self.by_group.get(name, name if names.is_wildcard(name) else None)


class Live:
    """All logs and interests.

    Args:
        size: Events kept in one log.
        ttl: Seconds a log is kept after its last event, and an unused interest's presence and
            wildcard logs after its last poll.
    """

    def __init__(self, lists: Lists[Interest, Any], *, size: int = 100, ttl: float = 1200) -> None:
        self._lists = lists
        self._size = size
        self._ttl = ttl
        self._logs: dict[str, Log] = {}
        self._wheel: TimerWheel[Log] = TimerWheel(tick=1)
        self.dirty: dict[Interest, None] = {}
        """Interests with pending events that somebody waits for."""

    def add(self, event: Event, *, now: float, keep: bool = False) -> None:
        """Log an event under its channel and the wildcards listened to; mark who waits for it.

        Args:
            keep: Log even a presence event that nobody listens to yet.
        """
        for name in (event.channel, *names.wildcards_of(event.channel)):
            if not event.kept:
                self._pass_on(name, event, now)
                continue
            log = self._logs.get(name)
            if log is None:
                if name is not event.channel or (names.is_presence(name) and not keep):
                    continue  # kept only once somebody has listened
                log = self._logs[name] = Log(name)
            log.events.append(event)
            if len(log.events) > self._size:
                del log.events[0]
            self._keep(log, now)
            for interest in self._interests_in(name):
                interest.last = event.timetoken
                self._mark(interest, name, event)

    def listened_to(self, name: str) -> bool:
        """Return whether an event of that name would be kept or delivered at all."""
        return any(each in self._logs for each in (name, *names.wildcards_of(name)))

    def register(self, interest: Interest, *, now: float) -> Steps[None]:
        """Begin to match events with an interest. It must be done to the end."""
        shared = self._lists.obtain(interest.names)
        shared.interests += (interest,)
        interest.names = shared.names
        for number, name in enumerate(interest.names):
            if number % AT_ONCE == AT_ONCE - 1:
                yield
            log = self._logs.get(name)
            if log is None:
                log = self._logs[name] = Log(name)
            self._keep(log, now)
            if log.events:
                interest.last = max(interest.last, log.events[-1].timetoken)
        interest.registered = True

    def retire(self, interest: Interest) -> None:
        """Match an interest no longer."""
        interest.alive = False
        self.dirty.pop(interest, None)
        shared = self._lists.obtain(interest.names)
        shared.interests = tuple(each for each in shared.interests if each is not interest)
        self._lists.release(shared)

    def collect(self, interest: Interest, cursor: int) -> list[tuple[Event, str | None]]:
        """Return what matched after `cursor`, oldest first, as much as one answer takes."""
        events = list(islice(self.after(interest, cursor), MAX_BATCH))
        return events[: _within(MAX_BATCH_BYTES, events)]

    def after(self, interest: Interest, cursor: int) -> Iterator[tuple[Event, str | None]]:
        """Yield what has matched after `cursor` by now, oldest first.

        An event that matches in several ways comes once: as its channel, or else as its group, or
        else as a wildcard. It costs as much as is taken of it, besides a little for each name.
        """
        logs = [self._newer(name, interest.label(name), cursor) for name in interest.names]
        merged = heapq.merge(*logs, key=lambda pair: pair[0].timetoken)
        for _, same in groupby(merged, key=lambda pair: pair[0].timetoken):
            yield min(same, key=lambda pair: _rank(pair[1]))

    def _newer(
        self, name: str, label: str | None, cursor: int
    ) -> Iterable[tuple[Event, str | None]]:
        log = self._logs.get(name)
        if log is None or not log.events or log.events[-1].timetoken <= cursor:
            return ()
        first = bisect_right(log.events, cursor, key=lambda event: event.timetoken)
        return zip(log.events[first:], repeat(label))

    def sweep(self, now: float) -> Steps[None]:
        """Give back logs that nobody needs any more. Call it about once a second."""
        for number, log in enumerate(self._wheel.due(now)):
            if number % AT_ONCE == AT_ONCE - 1:
                yield
            if log.forgotten > now:
                self._wheel.set(log, log.forgotten)
            elif any(self._interests_in(log.name)):
                log.events = []
                self._wheel.set(log, now + self._ttl)
            else:
                del self._logs[log.name]

    def _interests_in(self, name: str) -> Iterator[Interest]:
        for each in self._lists.on(name):
            yield from each.interests

    def _pass_on(self, name: str, event: Event, now: float) -> None:
        """Let hear an event that is not kept whoever waits, or was answered just now."""
        for interest in self._interests_in(name):
            self._mark(interest, name, event)
            for absence in interest.returning.values():
                if absence.over <= now:
                    continue
                if absence.heard is None:
                    absence.heard = []
                if len(absence.heard) < MAX_BATCH:
                    _note(absence.heard, event, interest.label(name))

    def _mark(self, interest: Interest, name: str, event: Event) -> None:
        if interest.waiting:
            _note(interest.pending, event, interest.label(name))
            self.dirty[interest] = None

    def _keep(self, log: Log, now: float) -> None:
        log.forgotten = now + self._ttl
        if not log.wheel_slot:
            self._wheel.set(log, log.forgotten)


def _note(events: list[tuple[Event, str | None]], event: Event, label: str | None) -> None:
    """Add an event, or where it is there already, the better of two ways in which it matched."""
    if not events or events[-1][0] is not event:
        events.append((event, label))
    elif _rank(label) < _rank(events[-1][1]):
        events[-1] = (event, label)


def _rank(label: str | None) -> int:
    """Order the ways of matching: channel, group, wildcard."""
    if label is None:
        return 0
    return 2 if names.is_wildcard(label) else 1


def _within(limit: int, events: list[tuple[Event, str | None]]) -> int:
    """Return how many events fit into `limit` bytes; at least one."""
    total = 0
    for number, (event, _) in enumerate(events):
        total += len(event.head)
        if total > limit and number:
            return number
    return len(events)
