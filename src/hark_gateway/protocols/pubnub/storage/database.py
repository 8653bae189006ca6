"""The database: one SQLite connection, its schema, and its size."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

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
_RESERVE_PAGES = 256
"""What may be written beyond the limit, to take rights away."""

T = TypeVar("T")


class StorageUnusable(Exception):
    """The file cannot be opened: no database, or another gateway has it."""

    def __init__(self, path: Path | None, cause: sqlite3.Error) -> None:
        super().__init__(path, cause)
        self.path, self.cause = path, cause

    def __str__(self) -> str:
        return f"pubnub.storage_path: {self.path} is no database, or in use: {self.cause}"


class NotStored(Exception):
    """Nothing was written: there is no room, or the disk failed."""


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
        self._max_pages = max(64, max_bytes // _PAGE_BYTES)
        try:
            self._prepare()
        except sqlite3.Error as error:
            raise StorageUnusable(path, error) from error
        self.make_room: list[Callable[[], bool]] = []
        """All called when the database is full; each says whether it dropped anything."""

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")  # counts are kept in memory, by one gateway
        # A killed gateway loses nothing so; only the machine's own crash may cost the last
        # moments, which the inbox of the application still has.
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        self._allow(self._max_pages)
        self._connection.executescript(_SCHEMA)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return all rows."""
        return self._connection.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement, making room if there is none; return its rows.

        Raises:
            NotStored: See there.
        """
        return self._make_room_for(lambda: self._connection.execute(sql, parameters).fetchall())

    def write_all(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of `rows`, or for none of them.

        Raises:
            NotStored: See there.
        """

        def run() -> None:
            with self._connection as connection:
                connection.execute("BEGIN")
                connection.executemany(sql, rows)

        self._make_room_for(run)

    def write_beyond(self, sql: str, parameters: Sequence[Any]) -> None:
        """Run one statement, a little beyond the limit if need be: it takes somebody's rights.

        Raises:
            NotStored: See there.
        """
        self._allow(self._max_pages + _RESERVE_PAGES)
        try:
            self.write(sql, parameters)
        finally:
            self._allow(self._max_pages)

    def _allow(self, pages: int) -> None:
        self._connection.execute(f"PRAGMA max_page_count = {pages}")

    def _make_room_for(self, run: Callable[[], T]) -> T:
        while True:
            try:
                return run()
            except sqlite3.Error as error:
                is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
                dropped = [drop() for drop in self.make_room] if is_full else []
                if not any(dropped):
                    raise NotStored(str(error)) from error

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
