"""A channel: whoever is subscribed to it, and its stream if it keeps one."""

import logging
from collections.abc import Callable
from math import ceil
from typing import Protocol

from .backlog import MAX_JOINED_BYTES, Backlog, Change, Kind, Wire, kind_of
from .counts import Counts
from .options import ChannelOptions
from .stream import Member, Publication, Stream

log = logging.getLogger(__name__)

GROUP = 32
"""Subscribers that are written to one after the other, without a look at the clock."""


class Sink(Protocol):
    """Where the bytes for one subscriber go, such as a transport."""

    def write(self, data: bytes, /) -> object:
        """Send bytes, without waiting; a subscriber that is gone is no error."""


class Subscriber(Protocol):
    """One that listens to one channel.

    None of its methods may block; what they raise is logged, and the others hear all the same.
    """

    @property
    def wire(self) -> Wire:
        """What it understands."""

    @property
    def member(self) -> Member | None:
        """Who it shows itself as in presence; None stays unseen."""

    @property
    def hears_members(self) -> bool:
        """Whether it is told who comes, itself included, and who goes. It stays as it is."""

    def sink(self) -> Sink:
        """Return where to write to; what it was sent before is on its way."""

    def interrupted(self, channel: "Channel") -> None:
        """Hear that the stream began again, so that what was known of it is void."""


class Group(list[Subscriber]):
    """Some subscribers who have been written the same. Most channels have one group of one."""

    __slots__ = ("heard", "sinks")

    def __init__(self, heard: int, first: Subscriber) -> None:
        super().__init__((first,))
        self.heard = heard
        """The number of what they are written next."""
        self.sinks: tuple[tuple[Kind, tuple[Sink, ...]], ...] | None = None
        """Where to write to; None until it is asked for, since somebody came or went."""


class Channel:
    """One named channel. It lives while someone is subscribed or its stream is remembered.

    What is said on it is appended to a backlog, and written to one group of subscribers after the
    other by `write_next`, round and round. A group that is behind gets all that came since its
    last turn, in one write if it is not too long.
    """

    __slots__ = (
        "_cursor", "_groups", "backlog", "is_swept", "name", "options", "stream", "subscribers",
        "top", "wheel_slot",
    )  # fmt: skip

    def __init__(self, name: str, options: ChannelOptions) -> None:
        self.name = name
        self.options = options
        self.stream: Stream | None = None
        self.subscribers: dict[Subscriber, Group] = {}  # in the order in which they joined
        self.backlog: Backlog | None = None
        """What is not written to everybody; None while nobody is behind."""
        self.top = 0
        """The number of what is said next."""
        self.is_swept = False
        """It is on the list of those whose subscribers are written to."""
        self.wheel_slot = 0
        self._groups: tuple[Group, ...] = ()  # smaller than a list, and seldom anything but one
        self._cursor = 0

    @property
    def members(self) -> list[Member]:
        return [each.member for each in self.subscribers if each.member is not None]

    def add(self, subscriber: Subscriber) -> None:
        """Take `subscriber` in, to hear what is said from now on."""
        group = self._groups[-1] if self._groups else None
        if group is None or group.heard != self.top or len(group) >= GROUP:
            group = Group(self.top, subscriber)
            self._groups = (*self._groups, group)
        else:
            group.append(subscriber)
            group.sinks = None
        self.subscribers[subscriber] = group

    def remove(self, subscriber: Subscriber, counts: Counts, *, is_gone: bool = False) -> None:
        """Let go of `subscriber`, once it was written all that was said until now.

        Args:
            is_gone: It cannot be written to any more.
        """
        group = self.subscribers.pop(subscriber)
        if group.heard != self.top and not is_gone:
            self._write_rest(subscriber, group.heard, counts)
        group.remove(subscriber)
        group.sinks = None
        if not group:
            self._remove_group(self._groups.index(group))

    @property
    def is_small(self) -> bool:
        """Whether all subscribers are in one group."""
        return len(self._groups) == 1

    def write_at_once(self, item: Publication | Change, counts: Counts) -> None:
        """Say something to all subscribers of a small channel, of whom nobody is behind."""
        group = self._groups[0]
        group.heard = self.top = self.top + 1
        for kind, sinks in group.sinks or self._find_sinks(group):
            if data := kind.encode(item):
                self._send(data, isinstance(item, Publication), sinks, counts)

    def append(self, item: Publication | Change) -> int:
        """Say something: number it, to be written to all who are subscribed at this moment.

        Returns:
            Its size, in bytes.
        """
        if self.backlog is None:
            self.backlog = Backlog(self.top)
        self.top += 1
        return self.backlog.append(item)

    def write_next(self, counts: Counts) -> bool:
        """Write to the next group that is behind; return whether there was one."""
        while self.backlog is not None:
            if self._cursor >= len(self._groups):
                self._cursor = 0
                self._trim()
                continue
            group = self._groups[self._cursor]
            self._cursor += 1
            if group.heard != self.top:
                self._write(group, counts)
                self._merge(self._cursor - 1)
                return True
        return False

    def write_for(self, size: int, counts: Counts) -> None:
        """Write to as many groups as it takes, that what is added by `size` does not pile up.

        While so much is added as fits into one write, everybody is written to once.
        """
        for _ in range(ceil(len(self._groups) * size / MAX_JOINED_BYTES)):
            self.write_next(counts)

    def catch_up(self, subscriber: Subscriber, counts: Counts) -> None:
        """Write to `subscriber`, and to its group, all that was said until now, in a crowd.

        A single group is the first to be written to in the next turn, and that in one write.
        """
        group = self.subscribers[subscriber]
        while group.heard != self.top and len(self._groups) > 1:
            self._write(group, counts)

    def _trim(self) -> None:
        """Forget what everybody was written."""
        if self.backlog is not None:
            heard = min((group.heard for group in self._groups), default=self.top)
            if heard == self.top:
                self.backlog = None
            else:
                self.backlog.drop(heard)

    def _write(self, group: Group, counts: Counts) -> None:
        backlog, start = self.backlog, group.heard
        if backlog is None:  # then nobody is behind
            return
        # Set before anything is written: a subscriber may leave while it is written to, and is
        # then given the rest.
        end = group.heard = backlog.end_of_write(start)
        for kind, sinks in group.sinks or self._find_sinks(group):
            data, publications = backlog.piece(kind, start, end)
            if data:
                self._send(data, publications, sinks, counts)

    def _send(
        self, data: bytes, publications: int, sinks: tuple[Sink, ...], counts: Counts
    ) -> None:
        counts.deliveries += publications * len(sinks)
        counts.bytes += len(data) * len(sinks)
        rest = iter(sinks)
        while True:
            try:
                for sink in rest:  # and nothing else: a look at each costs more than this
                    sink.write(data)
                return
            except Exception:  # the next ones are told all the same
                log.exception("a subscriber failed", extra={"channel": self.name})

    def _find_sinks(self, group: Group) -> tuple[tuple[Kind, tuple[Sink, ...]], ...]:
        """Return the sinks of a group by their kind, and remember them."""
        found: dict[Kind, list[Sink]] = {}
        for subscriber in tuple(group):
            try:
                sink = subscriber.sink()
                kind = kind_of(subscriber.wire, subscriber.hears_members)
            except Exception:
                log.exception("a subscriber failed", extra={"channel": self.name})
                continue
            if subscriber in self.subscribers:  # what it was sent before may have been its last
                found.setdefault(kind, []).append(sink)
        group.sinks = tuple((kind, tuple(sinks)) for kind, sinks in found.items())
        return group.sinks

    def _write_rest(self, subscriber: Subscriber, start: int, counts: Counts) -> None:
        """Write to one subscriber alone what it was not written yet."""
        backlog = self.backlog
        if backlog is None:
            return
        try:
            sinks = (subscriber.sink(),)
            kind = kind_of(subscriber.wire, subscriber.hears_members)
        except Exception:
            log.exception("a subscriber failed", extra={"channel": self.name})
            return
        while start != self.top:
            end = backlog.end_of_write(start)
            data, publications = backlog.piece(kind, start, end)
            if data:
                self._send(data, publications, sinks, counts)
            start = end

    def _merge(self, place: int) -> None:
        """Join a group to the one before it, where both have become small and heard the same."""
        if not 0 < place < len(self._groups):
            return
        first, second = self._groups[place - 1 : place + 1]
        if first.heard == second.heard and len(first) + len(second) <= GROUP:
            first += second
            first.sinks = None
            for subscriber in second:
                self.subscribers[subscriber] = first
            self._remove_group(place)

    def _remove_group(self, place: int) -> None:
        self._groups = self._groups[:place] + self._groups[place + 1 :]
        if place < self._cursor:
            self._cursor -= 1

    def tell_each(self, tell: Callable[[Subscriber], None]) -> None:
        """Tell every subscriber something, whatever the others make of it."""
        for subscriber in tuple(self.subscribers):
            try:
                tell(subscriber)
            except Exception:
                log.exception("a subscriber failed", extra={"channel": self.name})
