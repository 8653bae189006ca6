"""The lease comes back by itself, whatever the database does to the session that holds it."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from hark.models import Relay
from hark.relay.lease import AdvisoryLock
from hark.relay.session import SharedSession, holder, open_session, require_own_session

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


def until(holds: Callable[[], bool], *, seconds: float = SECONDS) -> None:
    """Wait for what another thread does."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
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


def test_a_lease_that_was_let_go_leaves_no_lock_in_a_pool(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = connection.settings_dict["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 2}}
    pooled = {"OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    with settings_of_the_database(monkeypatch, pooled):
        lease = AdvisoryLock(patience=60)
        until(lease.held)
        lease.close()
        until(lambda: holder() is None)
        connection.close_pool()


@contextmanager
def settings_of_the_database(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name, value in given.items():
            patch.setitem(connection.settings_dict, name, value)
        yield


def test_a_lock_that_nobody_gives_signs_for_is_taken_over(transactional_db: None) -> None:
    Relay.objects.all().delete()
    left = open_session()  # as a pool or a pooler keeps a session whose owner is gone
    with left.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [0x6861726B])
    lease = AdvisoryLock(patience=60)
    until(lease.held)
    lease.close()
    left.close()


def test_taking_over_ends_no_session_that_only_has_the_number_of_an_old_one(
    lease: AdvisoryLock,
) -> None:
    innocent = open_session()
    other = AdvisoryLock(patience=60)
    pid = innocent.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hark_relay SET beat_at = now() - interval '1 hour', backend_pids = %s",
            [f"[{pid}]"],
        )
    lease.close()
    until(other.held)
    with innocent.cursor() as cursor:
        cursor.execute("SELECT 1")
    innocent.close()
    other.close()


def test_a_lock_that_is_lost_behind_the_relays_back_is_asked_for_again(lease: AdvisoryLock) -> None:
    """As where its session is not its own any more: the database says who holds it."""
    pid = holder()
    assert pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    until(lambda: holder() not in {None, pid})


@pytest.fixture
def pooler(transactional_db: None, tmp_path: Path, mode: str) -> Iterator[int]:
    """The port of a PgBouncer before the tests' PostgreSQL, in the mode that is asked for."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("pgbouncer is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = connection.settings_dict
    ini = tmp_path / "pgbouncer.ini"
    ini.write_text(
        f"[databases]\n* = host={given['HOST']} port={given['PORT'] or 5432} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\nignore_startup_parameters = options\n"
        + (f"user = {Path(given['HOST']).owner()}\n" if os.getuid() == 0 else "")
    )
    process = subprocess.Popen(["pgbouncer", str(ini)], stderr=subprocess.DEVNULL)

    def answers() -> bool:
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", port)) == 0

    until(answers)
    yield port
    process.terminate()
    process.wait()


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_relay_finds_out_that_its_session_is_not_its_own(
    pooler: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"HOST": "127.0.0.1", "PORT": pooler, "USER": "postgres"}
    with settings_of_the_database(monkeypatch, settings):
        if mode == "session":
            require_own_session()
            return
        with pytest.raises(SharedSession, match="straight to PostgreSQL"):
            require_own_session()
        with pytest.raises(CommandError, match="pooler in transaction mode"):
            call_command("hark", "relay")
        lease = AdvisoryLock(patience=60)
        with pytest.raises(AssertionError):
            until(lease.held, seconds=1)
        lease.close()
    assert holder() is None
