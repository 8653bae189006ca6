"""What was said on a channel and is not written to all of its subscribers yet.

Everything in it has a number, by which a subscriber knows how far it was written to. These are not
the offsets of a stream: what is not kept has a number as well, and so have joins and leaves.
"""

import logging
from bisect import bisect_right
from collections.abc import Hashable
from functools import cache
from typing import NamedTuple, Protocol

from .stream import Member, Publication

log = logging.getLogger(__name__)

MAX_JOINED_BYTES = 65_536
"""The size of what one write joins at most; one publication may be longer."""
OVERHEAD = 64
"""What each thing takes besides its payload, about, both in memory and as it goes out."""


class Change(NamedTuple):
    """A member came or went."""

    channel: str
    member: Member
    came: bool


class Wire(Hashable, Protocol):
    """How things become bytes, the same for all subscribers on one wire. Any may be joined."""

    def publication(self, publication: Publication, /) -> bytes:
        """Return the bytes of one publication."""

    def joined(self, channel: str, member: Member, /) -> bytes:
        """Return the bytes that tell that someone came."""

    def left(self, channel: str, member: Member, /) -> bytes:
        """Return the bytes that tell that someone went."""


class Kind(NamedTuple):
    """Subscribers that are written the same bytes."""

    wire: Wire
    hears_members: bool

    def encode(self, item: Publication | Change) -> bytes:
        """Return what they are written; nothing if it is not for them, or cannot be encoded."""
        try:
            if isinstance(item, Publication):
                return self.wire.publication(item)
            if not self.hears_members:
                return b""
            tell = self.wire.joined if item.came else self.wire.left
            return tell(item.channel, item.member)
        except Exception:  # what comes after it is written all the same
            log.exception("encoding failed", extra={"channel": item.channel})
            return b""


@cache
def kind_of(wire: Wire, hears_members: bool) -> Kind:
    """Return the kind, the same one for all: there are few, and very many subscribers of each."""
    return Kind(wire, hears_members)


class Piece(NamedTuple):
    """What goes out in one write."""

    data: bytes
    publications: int


class Backlog:
    """The numbered things from `base` on. Each is encoded once for each kind of subscriber.

    Args:
        base: The number of the first.
    """

    __slots__ = ("_dropped", "_encoded", "_ends", "_items", "_pieces", "base")

    def __init__(self, base: int) -> None:
        self.base = base
        self._items: list[Publication | Change] = []
        self._ends: list[int] = []
        """How many bytes there have been with each, since the beginning."""
        self._dropped = 0
        """How many of these bytes are forgotten."""
        self._encoded: dict[Kind, list[bytes]] = {}
        self._pieces: dict[tuple[Kind, int, int], Piece] = {}
        """Pieces by where they begin and end, as long as nothing is added."""

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size(self) -> int:
        """Of all in it together, in bytes."""
        return self._ends[-1] - self._dropped if self._ends else 0

    def append(self, item: Publication | Change) -> int:
        """Add what comes last; return its size, in bytes."""
        size = _size(item)
        self._ends.append(self._dropped + self.size + size)
        self._items.append(item)
        self._pieces.clear()
        return size

    def drop(self, before: int) -> None:
        """Forget what has a lower number."""
        count = before - self.base
        if count:
            self.base = before
            self._dropped = self._ends[count - 1]
            del self._items[:count], self._ends[:count]
            for encoded in self._encoded.values():
                del encoded[:count]

    def end_of_write(self, start: int) -> int:
        """Return the number after the last thing that goes out in one write with `start`."""
        place = start - self.base
        before = self._ends[place - 1] if place else self._dropped
        end = bisect_right(self._ends, before + MAX_JOINED_BYTES, place)
        return self.base + max(end, place + 1)

    def piece(self, kind: Kind, start: int, end: int) -> Piece:
        """Return the things from number `start` to before `end`, which `end_of_write` gave."""
        found = self._pieces.get((kind, start, end))
        if found is None:
            encoded = self._encoded.setdefault(kind, [])
            encoded += map(kind.encode, self._items[len(encoded) :])
            part = slice(start - self.base, end - self.base)
            publications = sum(isinstance(item, Publication) for item in self._items[part])
            found = self._pieces[kind, start, end] = Piece(b"".join(encoded[part]), publications)
        return found


def _size(item: Publication | Change) -> int:
    if isinstance(item, Publication):
        return OVERHEAD + len(item.data)
    return OVERHEAD + len(item.member.info) + len(item.member.channel_info)
