"""The lease: at most one relay works, and a dead or hung one is replaced within two seconds.

On PostgreSQL it is an advisory lock, which ends with the session that holds it. A killed process
loses its session at once. A hung one keeps it, so the holder also gives a sign of life, and whoever
stands by ends the sessions of a holder that has given none. Where only the loop hangs, in code that
never returns, the process lives and gives signs: it lets go of the lock once `patience` is over,
and asks for it again when the loop goes on. Elsewhere there is no such lock: run a single relay.
"""

import logging
import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, OperationalError, connections
from django.db.models.functions import Now

from hark.models import Relay
from hark.relay.session import HOLDER, LOCK, SharedSession, open_session, require_own_session
from hark.wake import CHANNEL, database

BEAT = 0.25
STALE = 1.25
"""Seconds without a sign of life after which the holder counts as hung."""

SIGN = f"""
    INSERT INTO hark_relay (id, beat_at, name, backend_pids, trouble)
    SELECT 1, clock_timestamp(), %s, %s, %s WHERE pg_backend_pid() IN ({HOLDER})
    ON CONFLICT (id) DO UPDATE SET beat_at = EXCLUDED.beat_at, name = EXCLUDED.name,
        backend_pids = EXCLUDED.backend_pids, trouble = EXCLUDED.trouble
"""

UNKNOWN_HOLDER = """
    INSERT INTO hark_relay (id, beat_at, name, backend_pids, trouble)
    VALUES (1, clock_timestamp(), '', '[]', '') ON CONFLICT DO NOTHING
"""
"""From now on, whoever holds the lock has to give signs."""

END_OF_STALE = f"""
    WITH stale AS MATERIALIZED (
        SELECT pid FROM pg_stat_activity, hark_relay
        WHERE beat_at < clock_timestamp() - make_interval(secs => %s)
            AND datname = current_database() AND pid <> pg_backend_pid()
            AND (pid IN ({HOLDER}) OR (backend_pids @> to_jsonb(pid) AND backend_start < beat_at))
    )
    SELECT pid, pg_terminate_backend(pid) FROM stale
"""  # noqa: S608 (ours)
"""Ends the session that holds the lock, and the one that the holder works with. Other sessions may
have got its number since; they began later. All ages are by the database's clock, which is one."""

logger = logging.getLogger(__name__)


class Lease(ABC):
    """Whether this process may work, and when there may be something to do."""

    @abstractmethod
    def held(self) -> bool:
        """Whether to go on; ask right before anything that another relay must not do as well."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Return when woken, or after so many seconds."""

    @abstractmethod
    def wake(self) -> None:
        """End the wait; may be called from a signal handler."""

    @abstractmethod
    def progress(self, *, trouble: str) -> None:
        """Note that the loop is not stuck, and what keeps it from publishing, if anything."""

    @abstractmethod
    def close(self) -> None:
        """Give the lease back."""


class SingleRunner(Lease):
    """For databases without advisory locks: always held; looks by itself."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def held(self) -> bool:
        return True

    def wait(self, seconds: float) -> None:
        self._woken.wait(seconds)
        self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def progress(self, *, trouble: str) -> None:
        pass

    def close(self) -> None:
        pass


class AdvisoryLock(Lease):
    """A thread with a database session of its own: takes the lock, beats, and listens.

    Args:
        patience: Seconds the loop may take over one pass before it counts as stuck.
    """

    def __init__(self, *, patience: float) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._patience = patience
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._beat_at = 0.0
        self._progress_at = time.monotonic()
        self._trouble = ""
        self._worker_pid: int | None = None
        self._thread = threading.Thread(target=self._run, name="hark-lease", daemon=True)
        self._thread.start()

    def held(self) -> bool:
        # A process that was stopped and goes on finds its last beat long ago.
        return time.monotonic() - self._beat_at < STALE

    def wait(self, seconds: float) -> None:
        self._woken.wait(seconds)
        self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def progress(self, *, trouble: str) -> None:
        self._progress_at = time.monotonic()
        self._trouble = trouble
        session: Any = connections[database()].connection
        self._worker_pid = session.info.backend_pid if session else None

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._closing.is_set():
            if not self._stuck():  # else it would take from others what it cannot use
                self._compete()
            self._closing.wait(BEAT)

    def _compete(self) -> None:
        try:
            require_own_session()
            with closing(open_session()) as connection:
                self._hold(connection)
        except SharedSession as error:
            logger.error("This relay cannot work: %s.", error)
            self._closing.wait(STALE)
        except DatabaseError as error:
            logger.warning("The lease was lost: %s", str(error).strip())
        finally:
            self._beat_at = 0.0

    def _hold(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # a beat need not survive a crash
            cursor.execute(f"LISTEN {CHANNEL}")
            while not self._take(cursor):
                if self._closing.wait(BEAT):
                    return
        self._give_sign(connection)
        logger.info("%s is the active relay", self.name)
        while not self._closing.is_set() and not self._stuck():
            with connection.wrap_database_errors:  # the driver's own call raises its own errors
                for _ in connection.connection.notifies(timeout=BEAT):
                    self._woken.set()
            self._give_sign(connection)
        if self._stuck():
            logger.error("The loop hangs: another relay may take over")

    def _stuck(self) -> bool:
        return time.monotonic() - self._progress_at > self._patience

    def _take(self, cursor: Any) -> bool:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone()[0]:
            self._woken.set()
            return True
        cursor.execute(UNKNOWN_HOLDER)
        cursor.execute(END_OF_STALE, [STALE])
        if ended := [pid for pid, _ in cursor.fetchall()]:
            logger.warning("The active relay gives no sign of life: ended its sessions %s", ended)
        return False

    def _give_sign(self, connection: Any) -> None:
        pid = connection.connection.info.backend_pid
        with connection.cursor() as cursor:
            pids = f"[{pid}, {self._worker_pid or pid}]"
            cursor.execute(SIGN, [self.name, pids, self._trouble.replace("\0", "")])
            if not cursor.rowcount:
                raise OperationalError("another session holds the lock")
        self._beat_at = time.monotonic()


def lease(*, patience: float) -> Lease:
    """Return the lease that the database allows for."""
    if connections[database()].vendor == "postgresql":
        return AdvisoryLock(patience=patience)
    return SingleRunner()


def alive() -> Relay | None:
    """Return the active relay's last sign of life, if it is a fresh one."""
    return Relay.objects.filter(beat_at__gt=Now() - timedelta(seconds=STALE)).first()
