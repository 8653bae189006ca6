"""Stored messages: by channel, as many and for as long as configured."""

from collections import Counter
from dataclasses import dataclass

from .database import Database

_SWEPT_AT_ONCE = 100
_COLUMNS = "channel, timetoken, data, meta, publisher, custom_type"
MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was published; `data` and `meta` are JSON."""

    channel: str
    timetoken: int
    data: bytes
    meta: bytes | None = None
    publisher: str | None = None
    custom_type: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of a channel, between timetokens.

    `start` is never part of it and `end` always is, whichever of them is older. Only one of them:
    all that is older than `start`, or `end` and all that is newer.
    """

    start: int | None = None
    end: int | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest timetoken inside."""
        start, end = self.start, self.end
        if start is None:
            return (0 if end is None else end), _HIGHEST
        if end is None:
            return 0, start - 1
        if end < start:
            return end, start - 1
        return start + 1, (max(start, end))


_HIGHEST = (1 << 63) - 1


class MessageStore:
    """Messages of all channels.

    Args:
        size: Messages kept in one channel; the oldest make room, several at a time, so that up to
            a sixteenth more may be there.
        ttl: Seconds each one is kept, unless it was published with another time.
    """

    def __init__(self, database: Database, *, size: int, ttl: float) -> None:
        self._database = database
        self._size = size
        self._ttl = ttl
        rows = database.read("SELECT channel, count(*) FROM messages GROUP BY channel")
        self._kept: Counter[str] = Counter(dict(rows))
        database.make_room.append(self._drop_oldest_of_all)

    def add(self, message: Message, *, now: float, ttl: float = 0) -> None:
        """Keep a message for `ttl` seconds; 0 means as long as all others."""
        sql = f"INSERT INTO messages ({_COLUMNS}, expires) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        values = (
            message.channel, message.timetoken, message.data, message.meta, message.publisher,
            message.custom_type, int(now + min(ttl or self._ttl, self._ttl)),
        )  # fmt: skip
        self._database.write(sql, values)
        self._kept[message.channel] += 1
        surplus = self._kept[message.channel] - self._size
        if surplus > self._size // 16:
            self._drop_oldest(message.channel, surplus)

    def fetch(
        self, channel: str, within: Range, *, limit: int, now: float, oldest_first: bool = False
    ) -> list[Message]:
        """Return up to `limit` messages in ascending order: the newest in range, or the oldest."""
        order = "ASC" if oldest_first else "DESC"
        sql = (
            f"SELECT {_COLUMNS} FROM messages WHERE channel = ?"  # noqa: S608
            f" AND timetoken BETWEEN ? AND ? AND expires > ? ORDER BY timetoken {order} LIMIT ?"
        )
        rows = self._database.read(sql, (channel, *within.bounds, int(now), limit))
        found = [Message(*row) for row in rows]
        return found if oldest_first else found[::-1]

    def delete(self, channel: str, within: Range, *, limit: int = -1) -> int:
        """Remove the oldest messages in range, up to `limit`, with their actions.

        Returns:
            How many there were.
        """
        sql = (
            "DELETE FROM messages WHERE timetoken IN (SELECT timetoken FROM messages"
            " WHERE channel = ? AND timetoken BETWEEN ? AND ? ORDER BY timetoken LIMIT ?)"
            " RETURNING 1"
        )
        gone = self._database.write(sql, (channel, *within.bounds, limit))
        return self._forget(channel, len(gone))

    def count(self, channel: str, since: int, *, now: float) -> int:
        """Return how many messages are newer than `since`, up to MAX_COUNTED."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM messages"
            " WHERE channel = ? AND timetoken > ? AND expires > ? LIMIT ?)"
        )
        return int(self._database.read(sql, (channel, since, int(now), MAX_COUNTED))[0][0])

    def exists(self, channel: str, timetoken: int, *, now: float) -> bool:
        return bool(self.fetch(channel, Range(timetoken - 1, timetoken), limit=1, now=now))

    def since(self, timetoken: int, *, now: float) -> list[Message]:
        """Return all messages newer than `timetoken`, ascending."""
        sql = (
            f"SELECT {_COLUMNS} FROM messages"  # noqa: S608
            " WHERE timetoken > ? AND expires > ? ORDER BY timetoken"
        )
        return [Message(*row) for row in self._database.read(sql, (timetoken, int(now)))]

    def sweep(self, now: float) -> bool:
        """Remove some of the expired messages; return whether there may be more."""
        sql = (
            "DELETE FROM messages WHERE timetoken IN (SELECT timetoken FROM messages"
            " WHERE expires <= ? ORDER BY expires LIMIT ?) RETURNING channel"
        )
        swept = self._database.write(sql, (int(now), _SWEPT_AT_ONCE))
        for channel, *_ in swept:
            self._forget(channel, 1)
        return len(swept) == _SWEPT_AT_ONCE

    def _drop_oldest_of_all(self) -> bool:
        """Make room when the database is full; return whether there was anything to drop."""
        sql = (
            "DELETE FROM messages WHERE timetoken IN (SELECT timetoken FROM messages"
            " ORDER BY timetoken LIMIT ?) RETURNING channel"
        )
        dropped = self._database.write(sql, (_SWEPT_AT_ONCE,))
        for channel, *_ in dropped:
            self._forget(channel, 1)
        return bool(dropped)

    def _drop_oldest(self, channel: str, surplus: int) -> None:
        sql = (
            "DELETE FROM messages WHERE timetoken IN (SELECT timetoken FROM messages"
            " WHERE channel = ? ORDER BY timetoken LIMIT ?) RETURNING 1"
        )
        self._forget(channel, len(self._database.write(sql, (channel, surplus))))

    def _forget(self, channel: str, number: int) -> int:
        """Count so many messages of `channel` as gone."""
        self._kept[channel] -= number
        if self._kept[channel] <= 0:
            del self._kept[channel]
        return number
