"""The hub: all channels. Each protocol subscribes its clients here and publishes through here."""

import logging
import secrets
import string
from collections.abc import Callable, Iterator, Mapping

from .backlog import Change
from .channel import Channel, Subscriber
from .counts import Counts
from .errors import AlreadySubscribed, NotAvailable
from .options import ChannelOptions, Namespaces
from .payload import check
from .stream import Member, Position, Publication, Stream
from .sweeps import Sweeps
from .timers import TimerWheel

log = logging.getLogger(__name__)

Observer = Callable[[Publication, bool], None]


class Hub:
    """All channels of one server.

    Publications of one channel reach its subscribers in the order in which they were published,
    and a subscriber added between two of them hears exactly the second. A channel that nobody
    listens to and that keeps nothing takes no memory.

    Args:
        namespaces: Where a channel's options come from.
        call_soon: Has a function called in the next turn of the event loop. See `Sweeps`.
        clock: Returns the time, in seconds; it must never go back.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        call_soon: Callable[[Callable[[], None]], object],
        clock: Callable[[], float],
    ) -> None:
        self.namespaces = namespaces
        self.counts = Counts()
        self.observers: list[Observer] = []
        """Told of every publication on whatever channel, and whether it may be kept. For
        protocols whose clients are not subscribed all the time. One that raises is logged and
        harms nobody else."""
        self._sweeps = Sweeps(call_soon, clock, self.counts)
        self._channels: dict[str, Channel] = {}
        self._wheel: TimerWheel[Channel] = TimerWheel(tick=1)
        self._epoch = new_epoch()

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels.values())

    def __len__(self) -> int:
        return len(self._channels)

    def publish(
        self,
        name: str,
        data: bytes,
        *,
        now: float,
        publisher: Member | None = None,
        tags: Mapping[str, str] | None = None,
        keep: bool = True,
        version: int = 0,
        version_epoch: str = "",
    ) -> Position | None:
        """Take a publication in: the one way, whatever the protocol.

        It is checked, numbered and kept if the channel keeps any, delivered, and told to the
        observers.

        Args:
            data: JSON without a line feed.
            publisher: The client that published it; None for the server.
            keep: False delivers it without an offset, even where history is on.
            version: If above 0, drop the publication unless this is higher than the last version
                given for the same `version_epoch`; only where history is on.

        Returns:
            The position of the publication, or of the last one if it was dropped as outdated;
            None if it was not kept.

        Raises:
            UnknownChannel, BadRequest: As `Namespaces.options_for`; nothing has happened.
            BadRequest: Subscribers cannot be expected to read `data`; nothing has happened.
        """
        check(data)
        channel = self._channels.get(name)
        options = channel.options if channel is not None else self.namespaces.options_for(name)
        publication = Publication(name, data, time=now, publisher=publisher, tags=tags)
        position = None
        if keep and options.keeps_history:
            channel = channel or self._create(name, options)
            stream = self._touch(channel, now)
            if version and not stream.supersedes(version, version_epoch):
                return stream.position
            stream.append(publication, size=options.history_size, expires=now + options.history_ttl)
            position = stream.position
        self.counts.publications += 1
        if channel is not None and channel.subscribers:
            self._sweeps.say(channel, publication)
        for observer in self.observers:
            try:
                observer(publication, keep)
            except Exception:  # a fault of its own, which is not the publisher's
                log.exception("an observer failed", extra={"channel": name})
        return position

    def subscribe(self, subscriber: Subscriber, name: str) -> Channel:
        """Add `subscriber`, which hears every publication from now on.

        Raises:
            AlreadySubscribed: It is there already.
        """
        channel = self._channels.get(name) or self._create(name, self.namespaces.options_for(name))
        if subscriber in channel.subscribers:
            raise AlreadySubscribed(name)
        channel.add(subscriber)
        self.counts.subscriptions += 1
        return channel

    def unsubscribe(
        self, subscriber: Subscriber, channel: Channel, *, is_gone: bool = False
    ) -> None:
        """Remove `subscriber`, and tell the others that it left.

        It is written first what was published before, unless it cannot be written to any more.
        """
        channel.remove(subscriber, self.counts, is_gone=is_gone)
        self.counts.subscriptions -= 1
        member = subscriber.member
        if member is not None and channel.options.join_leave and channel.subscribers:
            self._sweeps.say_later(channel, Change(channel.name, member, came=False))
        self._drop_if_idle(channel)

    def announce(self, channel: Channel, member: Member) -> None:
        """Tell the subscribers of `channel` that `member` came, if they may know."""
        if channel.options.join_leave and channel.subscribers:
            self._sweeps.say(channel, Change(channel.name, member, came=True))

    def catch_up(self, subscriber: Subscriber, channel: Channel) -> None:
        """Write to `subscriber` what was published until now, if others are many and it would wait.

        So what it is sent next comes after that.
        """
        if subscriber in channel.subscribers:
            channel.catch_up(subscriber, self.counts)

    def find(self, name: str) -> Channel | None:
        """Return a channel if it exists; nothing is created."""
        return self._channels.get(name)

    def stream_of(self, channel: Channel, *, now: float) -> Stream:
        """Return the stream of `channel`, begun if need be, and remember it for longer.

        Raises:
            NotAvailable: The channel keeps no history.
        """
        if not channel.options.keeps_history:
            raise NotAvailable(f"channel {channel.name!r} keeps no history")
        return self._touch(channel, now)

    def _touch(self, channel: Channel, now: float) -> Stream:
        """Return the stream of a channel that keeps one."""
        options = channel.options
        stream = channel.stream
        if stream is None:
            stream = channel.stream = Stream(self._epoch)
        meta_ttl = options.history_meta_ttl or self.namespaces.rules.history_meta_ttl
        stream.forgotten = now + meta_ttl
        if not channel.wheel_slot:  # both times only ever move back, so a look too early will do
            self._wheel.set(channel, now + min(options.history_ttl, meta_ttl))
        return stream

    def peek_stream(self, name: str, *, now: float) -> Stream:
        """Return the stream of the channel called `name`, for reading.

        Where none has begun it is an empty one that is not kept: all streams begin with the
        hub's own epoch, so the answer holds, and asking for a million names costs nothing.
        """
        channel = self._channels.get(name)
        if channel is not None:
            return self.stream_of(channel, now=now)
        if not self.namespaces.options_for(name).keeps_history:
            raise NotAvailable(f"channel {name!r} keeps no history")
        return Stream(self._epoch)

    def remove_history(self, name: str) -> None:
        """Empty the list that a channel keeps; offsets go on counting."""
        if not self.namespaces.options_for(name).keeps_history:
            raise NotAvailable(f"channel {name!r} keeps no history")
        channel = self._channels.get(name)
        if channel is not None and channel.stream is not None:
            channel.stream.kept.clear()

    def members(self, name: str) -> list[Member]:
        """Return who is present in the channel called `name`.

        Raises:
            NotAvailable: Presence is off there.
        """
        if not self.namespaces.options_for(name).presence:
            raise NotAvailable(f"channel {name!r} has no presence")
        channel = self._channels.get(name)
        return channel.members if channel is not None else []

    def sweep(self, now: float) -> None:
        """Give back what has expired. Call it about once a second."""
        for channel in self._wheel.due(now):
            stream = channel.stream
            if stream is None:
                continue
            if stream.forgotten <= now:
                self._forget(channel)
            elif stream.kept and stream.expires > now:
                self._wheel.set(channel, min(stream.expires, stream.forgotten))
            else:
                stream.kept = []  # a cleared list may hold on to its memory
                self._wheel.set(channel, stream.forgotten)

    def _create(self, name: str, options: ChannelOptions) -> Channel:
        channel = self._channels[name] = Channel(name, options)
        return channel

    def _forget(self, channel: Channel) -> None:
        """End the stream of `channel`; the next one has another epoch."""
        if channel.stream is not None and channel.stream.top > 0:
            self._epoch = new_epoch()  # of all streams begun from here on
        channel.stream = None
        channel.tell_each(lambda subscriber: subscriber.interrupted(channel))
        self._drop_if_idle(channel)

    def _drop_if_idle(self, channel: Channel) -> None:
        if channel.subscribers or (channel.stream is not None and channel.stream.top > 0):
            return
        self._wheel.cancel(channel)
        self._channels.pop(channel.name, None)


def new_epoch() -> str:
    """Return eight random letters."""
    return "".join(secrets.choice(string.ascii_letters) for _ in range(8))
