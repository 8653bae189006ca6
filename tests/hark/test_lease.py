"""The lease comes back by itself, whatever the database does to the session that holds it."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from hark.relay.lease import AdvisoryLock

SECONDS = 20.0

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL has advisory locks"
)


@pytest.fixture
def lease(transactional_db: None) -> Iterator[AdvisoryLock]:
    """Held."""
    lease = AdvisoryLock(patience=60)
    until(lease.held)
    yield lease
    lease.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to be")


def test_a_session_that_breaks_while_it_listens_is_replaced(lease: AdvisoryLock) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    until(lambda: not lease.held())
    until(lease.held)
