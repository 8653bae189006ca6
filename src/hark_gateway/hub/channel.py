"""A channel: whoever is subscribed to it, and its stream if it keeps one."""

from typing import Protocol

from .options import ChannelOptions
from .stream import Member, Publication, Stream

Encoded = dict[object, bytes]
"""The bytes that each protocol made of one publication."""


class Subscriber(Protocol):
    """One that listens to one channel. None of its methods may block or raise."""

    @property
    def member(self) -> Member | None:
        """Who it shows itself as in presence; None stays unseen."""

    def deliver(self, publication: Publication, encoded: Encoded) -> int:
        """Pass a publication on; return the bytes that it took.

        What was made of it for the wire is left in `encoded`, for whoever is told next.
        """

    def joined(self, channel: "Channel", member: Member) -> None:
        """Hear that someone came, oneself included."""

    def left(self, channel: "Channel", member: Member) -> None:
        """Hear that someone else went."""

    def interrupted(self, channel: "Channel") -> None:
        """Hear that the stream began again, so that what was known of it is void."""


class Channel:
    """One named channel. It lives while someone is subscribed or its stream is remembered."""

    __slots__ = ("name", "options", "stream", "subscribers", "wheel_slot")

    def __init__(self, name: str, options: ChannelOptions) -> None:
        self.name = name
        self.options = options
        self.stream: Stream | None = None
        self.subscribers: dict[Subscriber, None] = {}  # a set that remembers joining order
        self.wheel_slot = 0

    @property
    def members(self) -> list[Member]:
        return [each.member for each in self.subscribers if each.member is not None]

    def deliver(self, publication: Publication) -> int:
        """Hand `publication` to every subscriber; return the bytes that it took."""
        encoded: Encoded = {}
        size = 0
        for subscriber in tuple(self.subscribers):  # one may leave while being told
            size += subscriber.deliver(publication, encoded)
        return size

    def announce_join(self, member: Member) -> None:
        """Tell all subscribers that `member` came."""
        for subscriber in tuple(self.subscribers):
            subscriber.joined(self, member)

    def announce_leave(self, member: Member) -> None:
        """Tell all remaining subscribers that `member` went."""
        for subscriber in tuple(self.subscribers):
            subscriber.left(self, member)
