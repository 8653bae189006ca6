"""What the hot queries read: an index range, whatever the size of the table. PostgreSQL only."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from hark import inbox
from hark.admin import of_owners, people
from hark.jobs.send import COPIED, write
from hark.models import Inbox, Notification
from hark.sending import template
from tests.hark.testapp.notifications import Note

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's plans")


@pytest.fixture
def crowd(bo: Any) -> Any:
    """Bo's inbox has 5,000 items, the newest 2,500 unread; among as many of fifty others."""
    user_model = get_user_model()
    others = [user_model(username=f"u{n}", email=f"u{n}@example.org") for n in range(50)]
    user_model.objects.bulk_create(others)
    row = template(Note(text="x"))
    columns = ", ".join(field.column for field in COPIED)
    write(row, [bo.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO hark_notification (user_id, {columns}) SELECT chosen.id, {columns}"
            " FROM hark_notification, generate_series(1, 100) AS round,"
            " LATERAL (SELECT id FROM accounts_user WHERE id <> %s"
            " UNION ALL SELECT %s FROM generate_series(1, 50)) AS chosen ORDER BY round",
            [bo.pk, bo.pk],
        )
        Notification.objects.update(modseq=F("id"), arrived=True)
        middle = Notification.objects.order_by("id")[5000].pk
        read = {"seen_at": row.created_at, "read_at": row.created_at}
        Notification.objects.filter(user=bo, id__lt=middle).update(**read)
        Inbox.objects.create(user=bo, modseq=2**40, published=2**40)
        cursor.execute("ANALYZE hark_notification")
        cursor.execute("ANALYZE hark_inbox")
    return bo


@pytest.fixture
def latecomer(crowd: Any) -> Any:
    """Ana's inbox has 2,000 items, all unread and all newer than everybody else's."""
    ana = get_user_model().objects.create(username="ana", email="ana@example.org")
    write(template(Note(text="x")), [ana.pk])
    columns = ", ".join(field.column for field in COPIED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO hark_notification (user_id, {columns}) SELECT user_id, {columns}"
            " FROM hark_notification, generate_series(2, 2000) WHERE user_id = %s",
            [ana.pk],
        )
        Notification.objects.filter(user=ana).update(modseq=F("id"), arrived=True)
        Inbox.objects.create(user=ana, modseq=2**40, published=2**40)
        cursor.execute("ANALYZE hark_notification")
    return ana


def middle(user: Any) -> int:
    found: int = Notification.objects.filter(user=user).order_by("id")[2500].pk
    return found


def page(user: Any) -> Any:
    return inbox.listing(user.pk, inbox.State.ALL)[:21]


def next_page(user: Any) -> Any:
    return inbox.listing(user.pk, inbox.State.ALL).filter(id__lt=middle(user))[:21]


def unread(user: Any) -> Any:
    return inbox.listing(user.pk, inbox.State.UNREAD)[:21]


def archived(user: Any) -> Any:
    return inbox.listing(user.pk, inbox.State.ARCHIVED)[:21]


def changes(user: Any) -> Any:
    return inbox.after(user.pk, middle(user))[:101]


def unnumbered(user: Any) -> Any:
    return Notification.objects.unnumbered()[:1000]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (page, "hark_inbox_page"),
        (next_page, "hark_inbox_page"),
        (unread, "hark_unread"),
        (archived, "hark_archived_page"),
        (changes, "hark_log"),
        (unnumbered, "hark_unnumbered"),
    ],
)
def test_a_list_reads_its_index_in_order(
    crowd: Any, query: Callable[[Any], QuerySet[Any]], index: str
) -> None:
    plan = query(crowd).explain(analyze=True)
    assert index in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan


def test_an_operator_reads_one_persons_rows_only(crowd: Any) -> None:
    (someone,) = people("u7")
    write(template(Note(text="not numbered yet")), [someone])
    rows = Notification.objects.filter(of_owners([someone])).order_by("-id")
    plan = rows[:50].explain(analyze=True)
    assert "hark_log" in plan
    assert "hark_unnumbered" in plan
    assert "Seq Scan" not in plan
    assert rows.count() == 101


def test_counting_stops_at_the_limit(crowd: Any) -> None:
    explaining = Explaining()
    with connection.execute_wrapper(explaining):
        counted = inbox.counts(crowd.pk)
    assert counted["unread"] == 100
    assert "Seq Scan on hark_notification" not in explaining.plan
    assert "hark_unread" in explaining.plan
    read = [int(float(rows)) for rows in re.findall(r"actual .*?rows=([\d.]+)", explaining.plan)]
    assert max(read) <= inbox.COUNT_LIMIT, explaining.plan


def test_marking_the_oldest_reads_nobody_elses(latecomer: Any) -> None:
    oldest = Notification.objects.filter(user=latecomer).order_by("id")[20].pk
    explaining = Explaining()
    with connection.cursor() as cursor:  # a table as small as this may well be read whole
        cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.execute_wrapper(explaining):
        inbox.read_all(latecomer.pk, through=oldest, now=timezone.now())
    passed_over = re.findall(r"Rows Removed by Filter: (\d+)", "".join(explaining.plans))
    assert sum(map(int, passed_over)) < 100, explaining.plans


class Explaining:
    """Explains each query that reads, before it runs."""

    def __init__(self) -> None:
        self.plans: list[str] = []

    @property
    def plan(self) -> str:
        return self.plans[-1]

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE) {sql}", params)
                self.plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)
