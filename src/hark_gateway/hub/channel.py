"""A channel: whoever is subscribed to it, and its stream if it keeps one."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from .options import ChannelOptions
from .stream import Member, Publication, Stream

log = logging.getLogger(__name__)


class Wire(Protocol):
    """How publications become bytes, the same for all subscribers on one wire."""

    def publication(self, publication: Publication, /) -> bytes:
        """Return the bytes of one publication. Those of several may be joined."""


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

    def sink(self) -> Sink:
        """Return where to write publications; what it was sent before is on its way."""

    def joined(self, channel: "Channel", member: Member) -> None:
        """Hear that someone came, oneself included."""

    def left(self, channel: "Channel", member: Member) -> None:
        """Hear that someone else went."""

    def interrupted(self, channel: "Channel") -> None:
        """Hear that the stream began again, so that what was known of it is void."""


class Channel:
    """One named channel. It lives while someone is subscribed or its stream is remembered."""

    __slots__ = (
        "_sinks", "held", "name", "options", "stream", "subscribers", "turn", "wheel_slot",
    )  # fmt: skip

    def __init__(self, name: str, options: ChannelOptions) -> None:
        self.name = name
        self.options = options
        self.stream: Stream | None = None
        self.subscribers: dict[Subscriber, None] = {}  # a set that remembers joining order
        self.held: list[Publication] | None = None
        """What waits for the end of the turn."""
        self.turn = 0
        """The turn in which something was last delivered."""
        self.wheel_slot = 0
        self._sinks: tuple[tuple[Wire, tuple[Sink, ...]], ...] | None = None

    @property
    def members(self) -> list[Member]:
        return [each.member for each in self.subscribers if each.member is not None]

    def add(self, subscriber: Subscriber) -> None:
        """Take `subscriber` in."""
        self.subscribers[subscriber] = None
        self._sinks = None

    def remove(self, subscriber: Subscriber) -> None:
        """Let go of `subscriber`."""
        del self.subscribers[subscriber]
        self._sinks = None

    def deliver(self, publications: Iterable[Publication]) -> int:
        """Write `publications` to every subscriber, all at once; return the bytes that it took."""
        size = 0
        for wire, sinks in self._sinks or self._find_sinks():
            data = b"".join(map(wire.publication, publications))
            rest = iter(sinks)
            while True:
                try:
                    for sink in rest:  # and nothing else: a look at each costs more than this
                        sink.write(data)
                    break
                except Exception:  # the next ones are told all the same
                    log.exception("a subscriber failed", extra={"channel": self.name})
            size += len(data) * len(sinks)
        return size

    def _find_sinks(self) -> tuple[tuple[Wire, tuple[Sink, ...]], ...]:
        """Return all subscribers' sinks by their wire, and remember them."""
        found: dict[Wire, list[Sink]] = {}
        for subscriber in tuple(self.subscribers):
            sink = subscriber.sink()
            if subscriber in self.subscribers:  # what it was sent before may have been its last
                found.setdefault(subscriber.wire, []).append(sink)
        self._sinks = tuple((wire, tuple(sinks)) for wire, sinks in found.items())
        return self._sinks

    def announce_join(self, member: Member) -> None:
        """Tell all subscribers that `member` came."""
        self.tell_each(lambda subscriber: subscriber.joined(self, member))

    def announce_leave(self, member: Member) -> None:
        """Tell all remaining subscribers that `member` went."""
        self.tell_each(lambda subscriber: subscriber.left(self, member))

    def tell_each(self, tell: Callable[[Subscriber], None]) -> None:
        """Tell every subscriber something, whatever the others make of it."""
        for subscriber in tuple(self.subscribers):
            try:
                tell(subscriber)
            except Exception:
                log.exception("a subscriber failed", extra={"channel": self.name})
