"""Waking the relay once a transaction has committed.

PostgreSQL's NOTIFY takes a lock over all databases while it commits, so inside a writer's
transaction it would make all writers wait for each other's disks. Sent after the commit, in a
transaction that writes nothing, it holds that lock for microseconds.
"""

import logging
import threading
import time

from django.db import DatabaseError, connections, router, transaction

from hark.models import Outbox

CHANNEL = "hark_outbox"

LINGER = 0.1
"""Seconds that the relay keeps looking by itself after it found work; see `hark.relay`."""

logger = logging.getLogger(__name__)
_local = threading.local()


def database() -> str:
    """Return the alias of the database that holds Hark's tables."""
    return router.db_for_write(Outbox)


def wake_on_commit() -> None:
    """Have the relay look as soon as the present transaction, if any, is committed."""
    using = database()
    transaction.on_commit(lambda: _wake(using), using=using, robust=True)


def _wake(using: str) -> None:
    connection = connections[using]
    # One wake per half a linger is enough: within it the relay looks again unasked.
    now = time.monotonic()
    if connection.vendor != "postgresql" or now - getattr(_local, "woke", 0.0) < LINGER / 2:
        return
    _local.woke = now
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    except DatabaseError:
        # It is committed: the relay finds it at its next look, and the caller must not fail.
        logger.warning("Could not wake the relay; it will look by itself.", exc_info=True)
