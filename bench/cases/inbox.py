"""What a reader asks of a large inbox, among very many others."""

import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, Target
from bench.subjects import application

QUESTION = "How long does the database take for what a reader asks of a large inbox?"
UNIT = "ms (95th percentile of a round)"
ROWS = 5_000_000
IN_INBOX = 100_000
OTHERS = 10_000
TIMES = 200
MOST = 3.0
FEW, PAGE, CHANGES = 20, 21, 100

FILL = """
    INSERT INTO hark_notification (user_id, type, version, actor, target, params, facts, key,
        created_at, seen_at, read_at, modseq, arrived)
    SELECT owner.id, 'post.commented', 1, '', '', '{}', gen_random_uuid(), '',
        now(), now(), CASE WHEN number %% 2 = 0 THEN now() END, number, TRUE
    FROM generate_series(1, %s) AS number,
        (SELECT id FROM accounts_user WHERE starts_with(username, %s)) AS owner
    ORDER BY number
"""
LOGS = """
    INSERT INTO hark_inbox (user_id, modseq, published, floor, due_at, attempts, error)
    SELECT user_id, max(modseq), max(modseq), 0, now(), 0, '' FROM hark_notification GROUP BY 1
"""


def run(scale: Scale) -> Table:
    found: dict[str, list[Times]] = {}
    with application.start().without("relay"):
        owner = fill(scale)
        for turn in range(scale.rounds):
            say(f"round {turn + 1} of {scale.rounds}")
            for name, ask in QUESTIONS.items():
                found.setdefault(name, []).append(measure(ask, owner))
        application.execute("TRUNCATE hark_notification, hark_inbox CASCADE")
    rows = [
        Row(
            subject=name,
            role=Role.YARDSTICK if name == NOTHING else Role.OURS,
            values=tuple(each.p95 for each in rounds),
            proof="" if name == NOTHING else "no plan reads the whole table",
            note=f"median {statistics.median(each.median for each in rounds):.2f}",
        )
        for name, rounds in found.items()
    ]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=[
            Target(
                text=f"{row.subject}: ≤ {MOST:g} ms",
                found=f"{row.median:.2f} ms",
                reached=row.median <= MOST,
            )
            for row in rows
            if row.role is Role.OURS and row.subject != BATCH
        ],
        remarks=[
            f"{scale.clients(ROWS):,} notifications, {scale.clients(IN_INBOX):,} of them here.",
            "The time in all statements, from sending each to its answer, without Python's own.",
            "Read-all works in transactions of 1,000 rows.",
            "Each is undone, to meet the same rows again; what it leaves dead slows the next.",
        ],
    )


def fill(scale: Scale) -> Any:
    """Fill the inboxes, indexes last; return whose is the large one."""
    from django.db import connection

    from hark.models import Notification

    say("filling the inboxes")
    prefix = f"inbox{time.monotonic_ns()}-"
    others = scale.clients(OTHERS)
    (owner,) = application.make_people(1, f"reader-{prefix}")
    application.make_crowd(others, prefix)
    application.execute("TRUNCATE hark_notification, hark_inbox CASCADE")
    each = (scale.clients(ROWS) - scale.clients(IN_INBOX)) // others
    indexes = Notification._meta.indexes  # noqa: SLF001 (public by its documentation)
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Notification, index)
        editor.execute("SET LOCAL session_replication_role = replica")  # no check of each owner
        editor.execute(FILL, [each, prefix])
        editor.execute(FILL, [scale.clients(IN_INBOX), owner.username])
        for index in indexes:
            editor.add_index(Notification, index)
        editor.execute(LOGS, [])
    for table in ("hark_notification", "hark_inbox"):
        application.execute(f"VACUUM ANALYZE {table}")
    return owner


class Times(NamedTuple):
    """Milliseconds."""

    median: float
    p95: float


def measure(ask: Callable[[Any], None], owner: Any) -> Times:
    """Ask again and again; return what the database takes."""
    from django.db import connection

    times = []
    with connection.execute_wrapper(expect_indexes), undone():
        ask(owner)
    for _ in range(TIMES if ask is not read_all else TIMES // 10):
        clock = Clock()
        with undone(), connection.execute_wrapper(clock):
            ask(owner)
        times.append(clock.milliseconds)
    return Times(statistics.median(times), statistics.quantiles(times, n=20)[-1])


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block does, so that each time finds the same."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Clock:
    """Adds up the time that statements take."""

    def __init__(self) -> None:
        self.milliseconds = 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        before = time.perf_counter()
        answer = execute(sql, params, many, context)
        self.milliseconds += (time.perf_counter() - before) * 1000
        return answer


def expect_indexes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Look at the plan of each statement before it runs.

    Raises:
        NotDelivered: It reads all notifications.
    """
    if re.match(r"(SELECT|UPDATE|WITH)\b", sql):
        with context["connection"].connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        if "Seq Scan on hark_notification" in plan:
            raise NotDelivered(f"this reads all notifications: {plan}")
    return execute(sql, params, many, context)


def nothing(_: Any) -> None:
    application.execute("SELECT 1")


def first_page(owner: Any) -> None:
    from hark import inbox

    expect(PAGE, len(inbox.listing(owner.pk, inbox.State.ALL)[:PAGE]))


def page_within(owner: Any) -> None:
    from hark import inbox

    newest = inbox.listing(owner.pk, inbox.State.ALL)[0].pk
    before = newest - random.randrange(IN_INBOX // 20)
    expect(PAGE, len(inbox.listing(owner.pk, inbox.State.UNREAD).filter(id__lt=before)[:PAGE]))


def counts(owner: Any) -> None:
    from hark import inbox

    expect(inbox.COUNT_LIMIT, inbox.counts(owner.pk)["unread"])


def changes(owner: Any) -> None:
    from hark import inbox

    last = inbox.position(owner.pk).modseq
    since = random.randrange(last // 2, last - last // 4)
    expect(CHANGES, len(inbox.changes(owner.pk, since, limit=CHANGES).rows))


def read_few(owner: Any) -> None:
    mark_read(owner, FEW)


def read_all(owner: Any) -> None:
    mark_read(owner, 999)


def mark_read(owner: Any, count: int) -> None:
    """Mark the oldest unread ones read, by one batch."""
    from django.utils import timezone

    from hark import inbox

    unread = inbox.listing(owner.pk, inbox.State.UNREAD).order_by("id")
    through = unread.values_list("id", flat=True)[count - 1]
    inbox.read_all(owner.pk, through=through, now=timezone.now())


def expect(wanted: int, found: int) -> None:
    if found != wanted:
        raise NotDelivered(f"{found} rows in place of {wanted}")


NOTHING = "a statement that does nothing"
BATCH = "read all: a batch of 999"
QUESTIONS = {
    NOTHING: nothing,
    "the first page": first_page,
    "a page of the unread, further down": page_within,
    "the counts": counts,
    "100 changes": changes,
    f"read all: {FEW} unread": read_few,
    BATCH: read_all,
}
CASE = Case("inbox", QUESTION, run)
