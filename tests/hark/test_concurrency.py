"""Several transactions at once, on a real PostgreSQL: who waits for whom, and who does not."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from hark import inbox, log, notify, prune, withdraw
from hark.models import Inbox, Notification
from hark.relay import numbering
from tests.hark.conftest import person
from tests.hark.testapp.notifications import Note

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)

SECONDS = 15.0


@pytest.fixture
def bo(transactional_db: None) -> Any:
    return person("bo")


@pytest.fixture
def ana(transactional_db: None) -> Any:
    return person("ana")


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    """Threads, each with a database session of its own."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def run(others: ThreadPoolExecutor, work: Callable[[], Any]) -> Future[Any]:
    def closing() -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            return work()
        finally:
            connection.close()

    return others.submit(closing)


@contextmanager
def meanwhile(others: ThreadPoolExecutor, work: Callable[[], Any]) -> Iterator[None]:
    """Do `work` in a transaction that is open during the block, and is committed at its end."""
    done, end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            work()
            done.set()
            assert end.wait(SECONDS)

    future = run(others, hold)
    try:
        assert done.wait(SECONDS), future.exception(0)
        yield
    finally:
        end.set()
        future.result(SECONDS)


def wait_until_one_waits() -> None:
    """Return once a database session waits for another's lock."""
    deadline = time.monotonic() + SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    pytest.fail("nobody waits")


def numbers() -> dict[str, int | None]:
    rows = Notification.objects.order_by("id")
    return {row.params["text"]: row.modseq for row in rows}


def number() -> int:
    return numbering.number(100)


def test_a_writer_waits_for_no_reader_and_no_other_writer(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    Inbox.objects.create(user=bo)
    with (
        meanwhile(others, lambda: log.lock([bo.pk])),
        meanwhile(others, lambda: notify(bo, Note(text="open"))),
    ):
        run(others, lambda: notify(bo, Note(text="free"))).result(SECONDS)
        assert list(numbers()) == ["free"]


def test_what_commits_late_is_numbered_late_and_never_skipped(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    with meanwhile(others, lambda: notify(bo, Note(text="written first"))):
        notify(bo, Note(text="committed first"))
        assert number() == 1
    assert number() == 1
    assert numbers() == {"written first": 2, "committed first": 1}


def test_an_inbox_that_somebody_holds_keeps_no_other_waiting(
    others: ThreadPoolExecutor, ana: Any, bo: Any
) -> None:
    notify([ana, bo], Note(text="hello"))
    Inbox.objects.create(user=bo)
    with meanwhile(others, lambda: log.lock([bo.pk])):
        assert number() == 1
        assert number() == 0
    assert number() == 1


def test_an_inbox_that_becomes_free_meanwhile_keeps_its_order(
    others: ThreadPoolExecutor, ana: Any, bo: Any
) -> None:
    Inbox.objects.bulk_create([Inbox(user=ana), Inbox(user=bo)])
    for reader, text in [(bo, "first"), (ana, "between"), (bo, "second")]:
        notify(reader, Note(text=text))
    between = Notification.objects.filter(user=ana).select_for_update()
    with meanwhile(others, lambda: list(between)), meanwhile(others, lambda: log.lock([bo.pk])):
        numbering = run(others, number)
        wait_until_one_waits()
    numbering.result(SECONDS)
    number()
    assert numbers() == {"first": 1, "between": 1, "second": 2}


def test_marks_at_the_same_time_all_succeed_and_make_one_log(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    for text in range(8):
        notify(bo, Note(text=str(text)))
    now = timezone.now()
    rows = list(Notification.objects.order_by("id"))
    marks = [run(others, lambda row=row: inbox.mark_read(bo.pk, row.pk, now=now)) for row in rows]
    marks += [run(others, lambda: inbox.see_all(bo.pk, now=now)), run(others, number)]
    for mark in marks:
        mark.result(SECONDS)
    inbox.see_all(bo.pk, now=now)
    given = sorted(number or 0 for number in numbers().values())
    last = Inbox.objects.get().modseq
    assert len(set(given)) == 8
    assert max(given) == last
    assert all(row.read_at and row.seen_at for row in Notification.objects.all())


def test_two_relays_that_overlap_give_each_number_once(
    others: ThreadPoolExecutor, ana: Any, bo: Any
) -> None:
    for text in range(50):
        notify([ana, bo], Note(text=str(text)))

    def all_of_it() -> None:
        while Notification.objects.unnumbered().exists():
            numbering.number(7)

    for relay in [run(others, all_of_it) for _ in range(4)]:
        relay.result(SECONDS)
    for user in (ana, bo):
        given = Notification.objects.filter(user=user).values_list("modseq", flat=True)
        assert sorted(given) == list(range(1, 51))
        assert Inbox.objects.get(user=user).modseq == 50


def test_a_key_is_once_even_for_transactions_that_overlap(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    with meanwhile(others, lambda: notify(bo, Note(text="first"), key="order-17")):
        second = run(others, lambda: notify(bo, Note(text="second"), key="order-17"))
    second.result(SECONDS)
    assert list(numbers()) == ["first"]


def test_withdrawing_what_is_being_numbered_withdraws_it(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    notify(bo, Note(text="wrong"))
    with meanwhile(others, number):
        gone = run(others, lambda: withdraw(Note(text="wrong")))
    gone.result(SECONDS)
    number()
    (row,) = Notification.objects.all()
    assert row.deleted_at is not None
    assert row.modseq == Inbox.objects.get().modseq == 2


def test_forgetting_what_is_being_marked_counts_the_mark(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    notify(bo, Note(text="old"))
    number()
    row, now = Notification.objects.get(), timezone.now()
    with meanwhile(others, lambda: inbox.mark_read(bo.pk, row.pk, now=now)):
        forgotten = run(others, lambda: prune.notifications(now))
        wait_until_one_waits()
    assert forgotten.result(SECONDS) == 1
    assert inbox.position(bo.pk) == inbox.Position(modseq=2, floor=2)


def test_forgetting_waits_for_an_inbox_without_holding_another(
    others: ThreadPoolExecutor, bo: Any, ana: Any
) -> None:
    notify([bo, ana], Note(text="old"))
    number()
    first, second = sorted([bo.pk, ana.pk])
    with meanwhile(others, lambda: Inbox.objects.filter(pk=second).update(attempts=0)):
        forgotten = run(others, lambda: prune.notifications(timezone.now()))
        wait_until_one_waits()
        with transaction.atomic():  # as whoever holds the second may go on to the first
            Inbox.objects.select_for_update(nowait=True).get(pk=first)
    assert forgotten.result(SECONDS) == 2


@pytest.mark.parametrize("when", ["numbered", "unnumbered", "numbered, then all seen"])
def test_reading_all_leaves_what_was_committed_after_the_list_was_shown(
    others: ThreadPoolExecutor, bo: Any, when: str
) -> None:
    now = timezone.now()
    with meanwhile(others, lambda: notify(bo, Note(text="slow"))):
        notify(bo, Note(text="quick"))
        if when != "unnumbered":
            numbering.number(10)
        (shown,) = inbox.listing(bo.pk, inbox.State.ALL)
    if when != "unnumbered":
        numbering.number(10)
    if when == "numbered, then all seen":
        inbox.see_all(bo.pk, now=now)
    inbox.read_all(bo.pk, through=shown.pk, now=now)
    (unread,) = inbox.listing(bo.pk, inbox.State.UNREAD)
    assert unread.params["text"] == "slow"


@pytest.mark.parametrize("is_numbered", [True, False])
def test_seeing_all_leaves_what_was_committed_after_the_list_was_shown(
    others: ThreadPoolExecutor, bo: Any, is_numbered: bool
) -> None:
    with meanwhile(others, lambda: notify(bo, Note(text="slow"))):
        notify(bo, Note(text="quick"))
        if is_numbered:
            numbering.number(10)
        (shown,) = inbox.listing(bo.pk, inbox.State.ALL)
        held = inbox.position(bo.pk).modseq
    if is_numbered:
        numbering.number(10)
    inbox.see_all(bo.pk, through=shown.pk, held=held, now=timezone.now())
    seen = inbox.listing(bo.pk, inbox.State.ALL).exclude(seen_at=None)
    assert [row.params["text"] for row in seen] == ["quick"]


def test_what_came_late_and_was_shown_below_the_newest_is_marked_with_it(
    others: ThreadPoolExecutor, bo: Any
) -> None:
    with meanwhile(others, lambda: notify(bo, Note(text="slow"))):
        notify(bo, Note(text="quick"))
        numbering.number(10)
    numbering.number(10)
    newest, _ = inbox.listing(bo.pk, inbox.State.ALL)
    screen = {"through": newest.pk, "held": inbox.position(bo.pk).modseq}
    inbox.see_all(bo.pk, **screen, now=timezone.now())
    assert inbox.counts(bo.pk) == {"unread": 2, "unseen": 0}
    inbox.read_all(bo.pk, **screen, now=timezone.now())
    assert inbox.counts(bo.pk) == {"unread": 0, "unseen": 0}


def test_reading_all_reads_what_was_written_together_and_is_not_numbered_yet(bo: Any) -> None:
    with transaction.atomic():
        for text in "abc":
            notify(bo, Note(text=text))
    shown = inbox.listing(bo.pk, inbox.State.ALL)[0]
    inbox.read_all(bo.pk, through=shown.pk, now=timezone.now())
    assert not inbox.listing(bo.pk, inbox.State.UNREAD).exists()
