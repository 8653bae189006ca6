"""The lease's own database session, and what the database itself says of the lock."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.db import connections

from hark.exceptions import HarkError
from hark.wake import database

LOCK = 0x6861726B  # "hark"

HOLDER = f"""
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND (classid, objid, objsubid) = (0, {LOCK}, 1) AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 (ours)


class SharedSession(HarkError):
    """Statements of one connection run in sessions that others use as well."""

    def __str__(self) -> str:
        return (
            f"DATABASES[{database()!r}] leads through a pooler in transaction mode, where no "
            "session is the relay's own: neither the lock that lets one relay work at a time nor "
            "LISTEN would hold. Start the relay with settings that lead straight to PostgreSQL, or "
            "to a pooler in session mode; the rest of the site may keep the pooler"
        )


def open_session() -> Any:
    """Return a connection that no pool keeps when it is closed, whatever OPTIONS["pool"] says."""
    connection: Any = connections.create_connection(database())
    given = connection.settings_dict
    options = {name: value for name, value in given["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = given | {"OPTIONS": options}
    connection.ensure_connection()
    return connection


def require_own_session() -> None:
    """Find out whether a session stays one's own from one statement to the next.

    Raises:
        SharedSession: It does not.
        DatabaseError: The database cannot be asked.
    """
    with closing(open_session()) as one, closing(open_session()) as other:
        before = _pid(one)
        with _transaction(other):
            # A pooler hands the session that has just become free to the next who asks.
            taken = _pid(other)
            after = _pid(one)
    if taken == before or before != after:
        raise SharedSession


def holder() -> int | None:
    """Return the process id of the session that holds the lock, as the database knows it."""
    with connections[database()].cursor() as cursor:
        cursor.execute(HOLDER)
        row = cursor.fetchone()
        return row and int(row[0])


def _pid(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        yield
        cursor.execute("ROLLBACK")
