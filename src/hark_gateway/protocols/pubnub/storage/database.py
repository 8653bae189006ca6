"""The database: one SQLite connection, its schema, and its size."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    timetoken INTEGER PRIMARY KEY,  -- one clock for all channels, so it names a message
    channel TEXT NOT NULL,
    data BLOB NOT NULL,
    meta BLOB,
    publisher TEXT,
    custom_type TEXT,
    expires INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_channel ON messages (channel, timetoken);
CREATE INDEX IF NOT EXISTS messages_by_expiry ON messages (expires);
CREATE TABLE IF NOT EXISTS actions (
    timetoken INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    message INTEGER NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    uuid TEXT NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (channel, message, type, value, uuid)
);
CREATE INDEX IF NOT EXISTS actions_by_channel ON actions (channel, timetoken);
CREATE INDEX IF NOT EXISTS actions_by_expiry ON actions (expires);
CREATE TRIGGER IF NOT EXISTS actions_go_with_their_message AFTER DELETE ON messages BEGIN
    DELETE FROM actions WHERE channel = OLD.channel AND message = OLD.timetoken;
END;
CREATE TABLE IF NOT EXISTS groups (
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (name, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
    subscribe_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    auth TEXT NOT NULL,
    bits INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (subscribe_key, kind, name, auth)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grants_by_expiry ON grants (expires);
CREATE TABLE IF NOT EXISTS revocations (
    signature BLOB PRIMARY KEY,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revocations_by_expiry ON revocations (expires);
"""
_PAGE_BYTES = 4096


class StorageUnusable(Exception):
    """The file cannot be opened: no database, or another gateway has it."""

    def __init__(self, path: Path | None, cause: sqlite3.Error) -> None:
        super().__init__(path, cause)
        self.path, self.cause = path, cause

    def __str__(self) -> str:
        return f"pubnub.storage_path: {self.path} is no database, or in use: {self.cause}"


class Database:
    """One SQLite database, used by one process at a time.

    Args:
        path: Of the file; None keeps all in memory.
        max_bytes: What it may take.

    Raises:
        StorageUnusable: See there.
    """

    def __init__(self, path: Path | None, *, max_bytes: int = 1 << 30) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        try:
            self._prepare(max_bytes)
        except sqlite3.Error as error:
            raise StorageUnusable(path, error) from error
        self.make_room: list[Callable[[], bool]] = []
        """All called when the database is full; each says whether it dropped anything."""

    def _prepare(self, max_bytes: int) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")  # counts are kept in memory, by one gateway
        # A killed gateway loses nothing so; only the machine's own crash may cost the last
        # moments, which the inbox of the application still has.
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute(f"PRAGMA max_page_count = {max(64, max_bytes // _PAGE_BYTES)}")
        self._connection.executescript(_SCHEMA)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return all rows."""
        return self._connection.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement, making room if there is none; return its rows."""
        while True:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
                dropped = [drop() for drop in self.make_room]
                if not any(dropped):
                    raise

    def last_timetoken(self) -> int:
        """Return the highest timetoken of all that is stored, or 0."""
        sql = (
            "SELECT max(ifnull((SELECT max(timetoken) FROM messages), 0),"
            " ifnull((SELECT max(timetoken) FROM actions), 0))"
        )
        return int(self.read(sql)[0][0])

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        self._connection.close()
