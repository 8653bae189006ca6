"""Message actions: what people attached to messages, such as reactions and receipts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .database import Database
from .messages import Range

_DROPPED_AT_ONCE = 100
_SWEPT_AT_ONCE = 500
_COLUMNS = "channel, message, type, value, uuid, timetoken"


@dataclass(frozen=True, slots=True)
class Action:
    """One action on one message; both are named by their timetokens."""

    channel: str
    message: int
    type: str
    value: str
    uuid: str
    timetoken: int


class ActionStore:
    """Actions on the messages of all channels.

    Args:
        ttl: Seconds each one is kept, unless its message goes first.
    """

    def __init__(self, database: Database, *, ttl: float) -> None:
        self._database = database
        self._ttl = ttl
        database.make_room.append(self._drop_oldest)

    def add(self, action: Action, *, now: float) -> bool:
        """Keep an action; return whether it is new."""
        sql = (
            f"INSERT INTO actions ({_COLUMNS}, expires)"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        )
        values = (
            action.channel, action.message, action.type, action.value, action.uuid,
            action.timetoken, int(now + self._ttl),
        )  # fmt: skip
        return bool(self._database.write(sql, values))

    def count(self, channel: str, message: int) -> int:
        """Return how many actions a message has."""
        sql = "SELECT count(*) FROM actions WHERE channel = ? AND message = ?"
        return int(self._database.read(sql, (channel, message))[0][0])

    def find(self, channel: str, message: int, timetoken: int) -> Action | None:
        """Return the action of that timetoken on that message, if it exists."""
        sql = (
            f"SELECT {_COLUMNS} FROM actions"  # noqa: S608
            " WHERE timetoken = ? AND channel = ? AND message = ?"
        )
        rows = self._database.read(sql, (timetoken, channel, message))
        return Action(*rows[0]) if rows else None

    def remove(self, action: Action) -> None:
        """Remove an action."""
        self._database.write("DELETE FROM actions WHERE timetoken = ?", (action.timetoken,))

    def fetch(self, channel: str, within: Range, *, limit: int) -> list[Action]:
        """Return the newest actions in range by their own timetokens, in ascending order."""
        sql = (
            f"SELECT {_COLUMNS} FROM actions WHERE channel = ?"  # noqa: S608
            " AND timetoken BETWEEN ? AND ? ORDER BY timetoken DESC LIMIT ?"
        )
        rows = self._database.read(sql, (channel, *within.bounds, limit))
        return [Action(*row) for row in reversed(rows)]

    def of_messages(self, channel: str, messages: Sequence[int]) -> dict[int, list[Action]]:
        """Return all actions on `messages`, by message, in ascending order."""
        if not messages:
            return {}
        sql = (
            f"SELECT {_COLUMNS} FROM actions WHERE channel = ?"  # noqa: S608
            " AND message BETWEEN ? AND ? ORDER BY timetoken"
        )
        found: dict[int, list[Action]] = defaultdict(list)
        for row in self._database.read(sql, (channel, min(messages), max(messages))):
            action = Action(*row)
            found[action.message].append(action)
        return found

    def sweep(self, now: float) -> bool:
        """Remove some of the expired actions; return whether there may be more."""
        sql = (
            "DELETE FROM actions WHERE timetoken IN (SELECT timetoken FROM actions"
            " WHERE expires <= ? ORDER BY expires LIMIT ?) RETURNING 1"
        )
        return len(self._database.write(sql, (int(now), _SWEPT_AT_ONCE))) == _SWEPT_AT_ONCE

    def _drop_oldest(self) -> bool:
        """Make room when the database is full; return whether there was anything to drop."""
        sql = (
            "DELETE FROM actions WHERE timetoken IN (SELECT timetoken FROM actions"
            " ORDER BY timetoken LIMIT ?) RETURNING 1"
        )
        return bool(self._database.write(sql, (_DROPPED_AT_ONCE,)))
