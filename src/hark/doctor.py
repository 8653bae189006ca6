"""What `manage.py hark doctor` finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.core.checks import run_checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from hark.backends import backend
from hark.backends.base import Misconfigured, Unavailable
from hark.channels import INBOX, namespaces
from hark.conf import Settings, settings
from hark.models import Inbox, Notification, Outbox
from hark.relay.lease import alive
from hark.wake import database

SHOWN = 5
"""Rows named one by one; whoever sees them sees the cause."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report, and what to do if it is not well."""

    well: bool
    text: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything, and stop where the rest would make no sense."""
    findings: list[Finding] = []
    for look in (_settings, _database, _relay, _backend, _owed):
        found = list(look())
        findings += found
        if look in (_settings, _database) and not all(each.well for each in found):
            break
    return findings


def _settings() -> Iterator[Finding]:
    wrong = run_checks(tags=["hark"])
    for each in wrong:
        yield Finding(False, f"{each.id}: {each.msg}", each.hint or "")
    if not wrong:
        given = settings()
        yield Finding(True, f"settings: {given.BACKEND.rsplit('.', 1)[-1]}, {_changed(given)}")


def _changed(given: Settings) -> str:
    plain = [each for each in fields(Settings) if each.name not in ("BACKEND", "OPTIONS")]
    own = [
        f"{each.name}={getattr(given, each.name)!r}"
        for each in plain
        if getattr(given, each.name) != each.default
    ]
    return ", ".join(own) or "all else as by default"


def _database() -> Iterator[Finding]:
    connection = connections[database()]
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes("hark"))
    except DatabaseError as error:
        yield Finding(False, f"database: {error}", "Start it, or correct DATABASES.")
        return
    if pending:
        yield Finding(False, "database: tables are missing", "Run `manage.py migrate`.")
    elif connection.vendor == "postgresql":
        yield Finding(True, "database: PostgreSQL; it wakes the relay, and relays may stand by")
    else:
        text = f"database: {connection.display_name}; the relay polls every"
        yield Finding(True, f"{text} {settings().POLL_INTERVAL:g} s, and only one may run")


def _relay() -> Iterator[Finding]:
    if connections[database()].vendor != "postgresql":
        return
    relay = alive()
    if relay is None:
        yield Finding(False, "relay: none is running", "Start one: `manage.py hark relay`.")
    elif relay.trouble:
        yield Finding(False, f"relay: {relay.name} cannot publish: {relay.trouble}")
    else:
        yield Finding(True, f"relay: {relay.name} is active")


def _backend() -> Iterator[Finding]:
    try:
        yield Finding(True, f"backend: answers ({backend().ping()})")
        if unknown := backend().unknown([INBOX, *namespaces()]):
            text = f"backend: it refuses every channel of {', '.join(unknown)}"
            yield Finding(False, text, "Add them to its channel.namespaces, and restart it.")
    except Unavailable as error:
        advice = "Start it (`manage.py hark gateway`), or correct HARK['OPTIONS']."
        yield Finding(False, f"backend: does not answer: {error}", advice)
    except Misconfigured as error:
        yield Finding(False, f"backend: {error}", "Correct HARK['OPTIONS'].")


def _owed() -> Iterator[Finding]:
    counted: dict[str, Callable[[], Any]] = {
        "unnumbered notifications": Notification.objects.unnumbered().count,
        "inboxes to push": Inbox.objects.filter(published__lt=F("modseq")).count,
        "outbox rows": Outbox.objects.filter(due_at__isnull=False).count,
    }
    yield Finding(
        True, "owed: " + ", ".join(f"{count()} {name}" for name, count in counted.items())
    )
    outbox = Outbox.objects.defer("payload", "created_at")  # which may be damaged
    failing = outbox.filter(due_at__isnull=False, attempts__gt=0)
    for each in failing.order_by("id")[:SHOWN]:
        text = f"outbox: {each} failed {each.attempts} times: {each.error}"
        yield Finding(False, text, "It is tried again by itself, and later given up.")
    postponed = Inbox.objects.filter(attempts__gt=0).order_by("pk")
    if count := postponed.count():
        text = f"inboxes that cannot be told or numbered: {count}{_such_as(postponed)}"
        yield Finding(False, text, "They are tried again by themselves; see the admin.")
    failed = outbox.filter(due_at=None).order_by("-id")
    if count := failed.count():
        advice = "See them in the admin under Notifications; “Try again” sends them once more."
        yield Finding(False, f"given up: {count}{_such_as(failed)}", advice)


def _such_as(rows: Any) -> str:
    """Name some of them, with what went wrong."""
    return "".join(f"\n   {row}: {row.error}" for row in rows[:SHOWN])
