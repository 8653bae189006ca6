"""Results that grow with a channel: put together in steps, so that others are served between."""

from collections.abc import Iterator, Sequence

from msgspec import Raw

from hark_gateway.hub.stream import Member, Publication, Stream
from hark_gateway.hub.turns import Steps

from .messages import (
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    client_info,
    encode,
    published,
)

AT_ONCE = 200
"""Publications or members encoded in one step."""

BYTES_AT_ONCE = 256 * 1024
"""Data encoded in one step, unless a single publication has more."""


def presence_result(members: Sequence[Member]) -> Steps[PresenceResult]:
    """Return who is there."""
    parts = []
    for start in range(0, len(members), AT_ONCE):
        some = members[start : start + AT_ONCE]
        parts.append(encode({each.client: client_info(each) for each in some})[1:-1])
        yield
    return PresenceResult(Raw(b"{%b}" % b",".join(parts)))


def stats_result(members: Sequence[Member]) -> Steps[PresenceStatsResult]:
    """Return how many are there."""
    users: set[str] = set()
    for start in range(0, len(members), AT_ONCE):
        users.update(each.user for each in members[start : start + AT_ONCE])
        yield
    return PresenceStatsResult(len(members), len(users))


def history_result(page: Sequence[Publication], stream: Stream) -> Steps[HistoryResult]:
    """Return a page of a stream, with the top that it had when it was read."""
    epoch, top = stream.position
    parts = []
    for some in in_parts(page):
        parts.append(encoded(some))
        yield
    return HistoryResult(Raw(b"[%b]" % b",".join(parts)), epoch, top)


def encoded(publications: Sequence[Publication]) -> bytes:
    """Return publications as clients see them, joined by commas."""
    return encode([published(each) for each in publications])[1:-1]


def in_parts(page: Sequence[Publication]) -> Iterator[Sequence[Publication]]:
    """Yield a page in parts of which each may be encoded in one step."""
    while page:
        some = within(BYTES_AT_ONCE, page[:AT_ONCE])
        yield some
        page = page[len(some) :]


def within(limit: int, page: Sequence[Publication]) -> Sequence[Publication]:
    """Return how much of a page fits into `limit` bytes of data; at least one publication."""
    total = 0
    for number, each in enumerate(page):
        total += len(each.data)
        if total > limit and number:
            return page[:number]
    return page
