"""What a reader asks of a large inbox, among very many others."""

import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, Target
from bench.subjects import application

QUESTION = "How long does the database take for what a reader asks of a large inbox?"
UNIT = "ms in the database (95th percentile of a round)"
ROWS = 5_000_000
IN_INBOX = 100_000
OTHERS = 10_000
TIMES, MARKS, BATCHES = 200, 50, 2
MOST = 3.0
FEW, PAGE, CHANGES = 20, 21, 100

FILL = """
    INSERT INTO hark_notification (user_id, type, version, actor, target, params, facts, key,
        created_at, seen_at, read_at, modseq, arrived)
    SELECT owner.id, 'post.commented', 1, '', '', '{}', gen_random_uuid(), '',
        now(), now(), CASE WHEN number %% 10 = 0 THEN now() END, number, TRUE
    FROM generate_series(1, %s) AS number,
        (SELECT id FROM accounts_user WHERE starts_with(username, %s)) AS owner
    ORDER BY number
"""
LOGS = """
    INSERT INTO hark_inbox (user_id, modseq, published, floor, due_at, attempts, error)
    SELECT user_id, max(modseq), max(modseq), 0, now(), 0, '' FROM hark_notification GROUP BY 1
"""

NOTED = re.compile(r"duration: ([\d.]+) ms  statement: (\w+)")


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
            role=Role.YARDSTICK if name in YARDSTICKS else Role.OURS,
            values=tuple(each.p95 for each in rounds),
            proof="" if name in YARDSTICKS else "no plan reads the whole table",
            note=note(rounds),
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
                text=f"{row.subject}: ≤ {MOST:g} ms, the disk apart",
                found=f"{row.median:.2f} ms",
                reached=row.median <= MOST,
            )
            for row in rows
            if row.role is Role.OURS and row.subject != BATCH
        ],
        remarks=[
            f"{scale.clients(ROWS):,} notifications, {scale.clients(IN_INBOX):,} of them here.",
            "The durations of all statements, as PostgreSQL logs them.",
            "A COMMIT waits for the disk, and stands apart, beside one that changes a single row.",
            "Read-all works in transactions of 1,000 rows.",
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
    """Milliseconds: what the database notes, and the median of what a client sees."""

    median: float
    p95: float
    p95_with_commit: float
    seen: float


def note(rounds: list[Times]) -> str:
    """Return the medians of what a table says beside the figures."""
    middle = Times(*map(statistics.median, zip(*rounds, strict=True)))
    commit = middle.p95_with_commit > middle.p95
    return (
        f"median {middle.median:.2f}; from sending to answer {middle.seen:.2f}"
        f"{f'; with its COMMIT {middle.p95_with_commit:.2f}' if commit else ''}"
    )


def measure(question: "Question", owner: Any) -> Times:
    """Ask again and again, each time about other rows; return what the database takes."""
    from django.db import connection

    ask = question.of(owner)
    with connection.execute_wrapper(expect_indexes):
        ask()
    noted, whole, seen = [], [], []
    with duration_log() as durations:
        for _ in range(question.times):
            ask = question.of(owner)
            clock = Clock()
            durations()
            with connection.execute_wrapper(clock):
                ask()
            taken = durations()
            noted.append(sum(each for command, each in taken if command != "COMMIT"))
            whole.append(sum(each for _, each in taken))
            seen.append(clock.milliseconds)
    return Times(statistics.median(noted), p95(noted), p95(whole), statistics.median(seen))


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@contextmanager
def duration_log() -> Iterator[Callable[[], list[tuple[str, float]]]]:
    """Have PostgreSQL log how long our statements take.

    Yields:
        What reads the newest: what kind of statement each was, and its milliseconds.
    """
    ((folder,),) = application.execute("SHOW data_directory")
    with Path(folder, "log").open() as log:
        application.execute("SET log_min_duration_statement = 0")
        log.seek(0, os.SEEK_END)
        yield lambda: [(command, float(taken)) for taken, command in NOTED.findall(log.read())]
        application.execute("RESET log_min_duration_statement")


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


class Question(NamedTuple):
    """What is asked: `of` an owner, it gets ready, and returns what is then measured."""

    of: Callable[[Any], Callable[[], Any]]
    times: int = TIMES


def nothing(_: Any) -> Callable[[], Any]:
    return lambda: application.execute("SELECT 1")


def commit(owner: Any) -> Callable[[], Any]:
    """Change next to nothing, so that what takes time is the disk."""
    change = "UPDATE hark_inbox SET attempts = attempts WHERE user_id = %s"
    return lambda: application.execute(change, [owner.pk])


def first_page(owner: Any) -> Callable[[], Any]:
    from hark import inbox

    return lambda: expect(PAGE, len(inbox.listing(owner.pk, inbox.State.ALL)[:PAGE]))


def page_within(owner: Any) -> Callable[[], Any]:
    from hark import inbox

    newest = inbox.listing(owner.pk, inbox.State.ALL)[0].pk
    unread = inbox.listing(owner.pk, inbox.State.UNREAD)
    before = newest - random.randrange(IN_INBOX // 100)
    return lambda: expect(PAGE, len(unread.filter(id__lt=before)[:PAGE]))


def counts(owner: Any) -> Callable[[], Any]:
    from hark import inbox

    return lambda: expect(inbox.COUNT_LIMIT, inbox.counts(owner.pk)["unread"])


def changes(owner: Any) -> Callable[[], Any]:
    from hark import inbox

    last = inbox.position(owner.pk).modseq
    since = random.randrange(last // 2, last - last // 4)
    return lambda: expect(CHANGES, len(inbox.changes(owner.pk, since, limit=CHANGES).rows))


def read_through(count: int) -> Callable[[Any], Callable[[], Any]]:
    """Mark the oldest unread ones read, by one batch."""

    def ready(owner: Any) -> Callable[[], Any]:
        from django.utils import timezone

        from hark import inbox

        # By the inbox's own index: ordered by id alone, the planner walks through everybody's rows,
        # and what is then measured finds none of its pages in memory.
        unread = inbox.listing(owner.pk, inbox.State.UNREAD).order_by("-user", "id")
        through = unread.values_list("id", flat=True)[count - 1]
        return lambda: inbox.read_all(owner.pk, through=through, now=timezone.now())

    return ready


def expect(wanted: int, found: int) -> None:
    if found != wanted:
        raise NotDelivered(f"{found} rows in place of {wanted}")


NOTHING = "a statement that does nothing"
COMMIT = "a commit of one row"
YARDSTICKS = {NOTHING, COMMIT}
BATCH = "read all: a batch of 999"
QUESTIONS = {
    NOTHING: Question(nothing),
    COMMIT: Question(commit, MARKS),
    "the first page": Question(first_page),
    "a page of the unread, further down": Question(page_within),
    "the counts": Question(counts),
    "100 changes": Question(changes),
    f"read all: {FEW} unread": Question(read_through(FEW), MARKS),
    BATCH: Question(read_through(999), BATCHES),
}
CASE = Case("inbox", QUESTION, run)
