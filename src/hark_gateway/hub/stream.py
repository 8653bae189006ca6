"""A stream: the numbered publications of one channel, as far back as they are kept."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from .errors import BadRequest, Unrecoverable


class Position(NamedTuple):
    """A place in a stream. Offsets compare only within one epoch."""

    epoch: str
    offset: int


class Member:
    """One who is present in a channel. Payloads are JSON, as bytes; empty when there is none."""

    __slots__ = ("channel_info", "client", "info", "user")

    def __init__(
        self, client: str, user: str, info: bytes = b"", channel_info: bytes = b""
    ) -> None:
        self.client = client
        self.user = user
        self.info = info
        self.channel_info = channel_info


class Publication(Struct, eq=False, gc=False):
    """One message in a channel.

    `offset` is 0 for one that was not kept.

    It is part of no cycle, and the garbage collector, not told of it, has nothing to walk through
    when a million are kept.
    """

    channel: str
    data: bytes
    time: float
    offset: int = 0
    publisher: Member | None = None
    tags: Mapping[str, str] | None = None


class Stream:
    """The last publications of a channel.

    One expiry holds for the whole list and is moved by every publication. When it passes, the
    list is emptied, while epoch and top stay: a reader at the top has still missed nothing.
    """

    __slots__ = ("epoch", "expires", "forgotten", "kept", "top", "version")

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.top = 0
        self.kept: list[Publication] = []
        self.expires = 0.0
        """When the list is emptied, in seconds."""
        self.forgotten = 0.0
        """When the stream itself may go."""
        self.version: tuple[str, int] = ("", 0)
        """The version given with the last publication, and what it counts."""

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.top)

    def append(self, publication: Publication, *, size: int, expires: float) -> None:
        """Number and keep `publication`, dropping the oldest above `size`."""
        if publication.time >= self.expires:
            self.kept.clear()
        self.top += 1
        publication.offset = self.top
        self.kept.append(publication)
        self.expires = expires
        while len(self.kept) > size:
            del self.kept[0]

    def supersedes(self, version: int, version_epoch: str) -> bool:
        """Tell whether `version` is new, and remember it."""
        epoch, last = self.version
        if version_epoch == epoch and version <= last:
            return False
        self.version = (version_epoch, version)
        return True

    def current(self, *, now: float) -> list[Publication]:
        """Return what is kept at `now`, oldest first."""
        if now >= self.expires:
            self.kept.clear()
        return self.kept

    def missed(self, since: Position, *, limit: int, now: float) -> list[Publication]:
        """Return every publication after `since`, oldest first; empty if none was missed.

        An empty epoch in `since` stands for any.

        Raises:
            Unrecoverable: Another epoch, a gap partly dropped, or more than `limit` missed.
        """
        count = self.top - since.offset
        kept = self.current(now=now)
        if since.epoch not in ("", self.epoch) or not 0 <= count <= min(len(kept), limit):
            raise Unrecoverable(f"offset {since.offset} of {since.epoch!r}, now {self.position}")
        return kept[len(kept) - count :]

    def latest(self, since: Position, *, now: float) -> list[Publication]:
        """Return the latest publication, or none if `since` is there already.

        Raises:
            Unrecoverable: It is gone.
        """
        kept = self.current(now=now)
        if since == self.position:
            return []
        if not kept:
            raise Unrecoverable("the latest publication is no longer kept")
        return kept[-1:]

    def read(
        self, *, limit: int, since: Position | None, reverse: bool, now: float
    ) -> list[Publication]:
        """Return a page of what is kept; a gap is not an error here.

        Args:
            limit: Publications at most; 0 means none, -1 means all.
            since: Begin after this position; in reverse, before it.
            reverse: Newest first.

        Raises:
            Unrecoverable: `since` is of another epoch.
            BadRequest: Nothing can precede offset 0.
        """
        kept = self.current(now=now)
        if since is not None:
            if since.epoch not in ("", self.epoch):
                raise Unrecoverable(f"epoch {since.epoch!r}, now {self.epoch!r}")
            if reverse and since.offset == 0:
                raise BadRequest("nothing precedes offset 0")
            # Offsets are contiguous, so the place in the list is arithmetic.
            first = self.top - len(kept) + 1
            cut = min(max(since.offset - first + (0 if reverse else 1), 0), len(kept))
            kept = kept[:cut] if reverse else kept[cut:]
        page = kept[::-1] if reverse else kept
        return list(page) if limit < 0 else page[:limit]
