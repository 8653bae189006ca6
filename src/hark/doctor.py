"""What `manage.py hark doctor` finds."""

import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import httpx
from django.core.checks import ERROR, run_checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from hark import site
from hark.backends import backend
from hark.backends.base import Misconfigured, Unavailable
from hark.channels import INBOX, namespaces
from hark.conf import Settings, settings
from hark.findings import Finding
from hark.instants import Now, aware, now
from hark.jobs.publication import Publish
from hark.jobs.registry import jobs
from hark.models import Inbox, Notification, Outbox, Relay
from hark.relay.lease import alive
from hark.relay.session import holder
from hark.visit import Visitor
from hark.wake import database

SHOWN = 5
"""Rows named one by one; whoever sees them sees the cause."""

PATIENCE = 5.0
"""Seconds that a message may take, beside POLL_INTERVAL."""

START_RELAY = "Start one: `manage.py hark relay`."


def examine() -> list[Finding]:
    """Look at everything, and stop where the rest would make no sense."""
    findings: list[Finding] = []
    for look in (_settings, _database):
        findings += look()
        if any(not each.well and each.stops for each in findings):
            return findings
    with Visitor.at_large() as visitor:
        processes = [*_backend(), *_relay()]
        findings += [*processes, *visitor.arrive(), *_api()]
        if all(each.well for each in processes):
            findings += _delivery(visitor)
    return [*findings, *_owed()]


def _settings() -> Iterator[Finding]:
    wrong = run_checks(tags=["hark"])
    for each in wrong:
        stops = each.level >= ERROR
        yield Finding(False, f"{each.id}: {each.msg}", each.hint or "", stops=stops)
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
        advice = "Start it, or correct DATABASES."
        yield Finding(False, f"database: {error}", advice, stops=True)
        return
    if pending:
        advice = "Run `manage.py migrate`."
        yield Finding(False, "database: tables are missing", advice, stops=True)
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
        yield _no_sign_of_life(Relay.objects.first())
    else:
        # Its trouble may be over since it last told of it: whether a message gets through, shows.
        yield Finding(True, f"relay: {relay.name} is active")


def _no_sign_of_life(last: Relay | None) -> Finding:
    """Tell a relay that hangs from one that is gone: who hangs keeps the lock."""
    session = holder()
    if last is None or not last.name:
        if session is None:
            return Finding(False, "relay: none is running", START_RELAY)
        text = f"relay: session {session} of the database holds its lock, and gives no sign of life"
        advice = f"{START_RELAY} It takes over; or `SELECT pg_terminate_backend({session})`."
        return Finding(False, text, advice)
    seconds = (now() - aware(last.beat_at)).total_seconds()
    since = f"{last.name} gave its last sign of life {seconds:.0f} s ago"
    if session is None:
        return Finding(False, f"relay: none is running; {since}", START_RELAY)
    host, _, pid = last.name.rpartition(":")
    advice = (
        f"On {host}: `kill -CONT {pid}` if it was stopped, else `kill -KILL {pid}`, and start it "
        "again. A second relay that stands by takes over from one that hangs."
    )
    return Finding(False, f"relay: it hangs, or was stopped: {since} and holds the lock", advice)


def _delivery(visitor: Visitor) -> Iterator[Finding]:
    """Send a message to the visitor, by the outbox, as an application would."""
    data = {"hark": "doctor"}
    row = Publish.owe(str(visitor.channel), data)
    patience = settings().POLL_INTERVAL + PATIENCE
    deadline = time.monotonic() + patience
    while (waits := Outbox.objects.filter(pk=row.pk).first()) and time.monotonic() < deadline:
        if waits.attempts:
            break
        time.sleep(0.05)
    if waits:
        waits.delete()
        relay = alive() if connections[database()].vendor == "postgresql" else None
        if trouble := waits.error or (relay and relay.trouble):
            yield Finding(False, f"relay: it could not publish: {trouble}")
        else:
            text = f"relay: a message waited {patience:g} s for it: none is running, or it hangs"
            yield Finding(False, text, f"{START_RELAY} See the log of one that runs already.")
    elif not visitor.is_connected:
        yield Finding(True, "delivery: the relay brought a message to the backend")
    elif visitor.hears(data, seconds=PATIENCE):
        yield Finding(True, "delivery: a message went through relay and gateway to a page")
    else:
        text = "delivery: the relay published a message, and the page of a browser did not hear it"
        advice = "HARK['OPTIONS']: do api_url and url lead to the same server, or cluster?"
        yield Finding(False, text, advice)


def _backend() -> Iterator[Finding]:
    try:
        yield Finding(True, f"backend: answers ({backend().ping()})")
        if unknown := backend().unknown([INBOX, *namespaces()]):
            text = f"backend: it refuses every channel of {', '.join(unknown)}"
            yield Finding(False, text, "Add them to its channel.namespaces, and restart it.")
    except Unavailable as error:
        advice = (
            "Start it (`manage.py hark gateway`), start it again if it hangs, or correct "
            "HARK['OPTIONS']."
        )
        yield Finding(False, f"backend: does not answer: {error}", advice)
    except Misconfigured as error:
        yield Finding(False, f"backend: {error}", "Correct HARK['OPTIONS'].")


def _api() -> Iterator[Finding]:
    """Call the API as a stranger does, where SITE_URL says how the site is reached."""
    path = next((path for path in site.api_paths() if not set(path) & set("<^(")), None)
    if not settings().SITE_URL or path is None:
        return
    url = f"{site.origin()}{path}inbox/"
    try:
        answer = httpx.get(url, timeout=settings().PUBLISH_TIMEOUT, trust_env=False)
    except httpx.HTTPError as error:
        text = f"api: {url} cannot be reached from here: {error or type(error).__name__}"
        yield Finding(False, text, "Start the web server, or correct HARK['SITE_URL'].")
        return
    if answer.status_code == 401:
        yield Finding(True, f"api: {url} answers, and asks who is there")
    else:
        text = f"api: {url} answers a stranger with HTTP {answer.status_code} instead of 401"
        advice = "It is not Hark's API that answers: look at the proxy's rules, and at SITE_URL."
        yield Finding(False, text, advice)


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
    unknown = outbox.filter(due_at__lte=Now()).exclude(kind__in=[job.kind for job in jobs()])
    if kinds := sorted(unknown.values_list("kind", flat=True).distinct()):
        text = f"outbox: rows of a kind that no job does: {', '.join(kinds)}"
        advice = (
            "Import the job in an installed app's `notifications`, or delete them in the admin."
        )
        yield Finding(False, text, advice)
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
