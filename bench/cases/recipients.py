"""One notification to 100,000 people: written down by `notify()`, made into rows by the relay."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, Target, at_least
from bench.subjects import application
from bench.subjects.application import count_queries
from bench.subjects.notifications_hq import NotificationsHq

QUESTION = "How many recipients per second does one `notify()` reach?"
UNIT = "recipients per second"
CROWD = 100_000
PEERS_CROWD = 5_000  # fewer, because it inserts one by one
LEAST = 25_000
MOST_GROWTH = 32  # MB

COUNT = "SELECT count(*) FROM hark_notification"
COPY = """
    INSERT INTO hark_notification
        (user_id, type, version, actor, target, params, facts, key, created_at, arrived)
    SELECT id, type, version, actor, target, params, facts, key, created_at, arrived
    FROM accounts_user, (SELECT * FROM (SELECT type, version, actor, target, params, facts, key,
        created_at, FALSE AS arrived FROM hark_notification LIMIT 1) AS one) AS facts
    WHERE starts_with(username, %s) ORDER BY id
"""


def run(scale: Scale) -> Table:
    size = scale.clients(CROWD)
    peers_size = scale.clients(PEERS_CROWD)
    found: dict[str, list[float]] = {}
    grown = 0.0
    queries = {ALONE: 1}
    stack = application.start()
    with (
        stack.without("relay"),  # its steps are taken here, to be measured
        NotificationsHq(stack.environment, recipients=peers_size, sends=1) as peer,
    ):
        prefix = f"crowd{time.monotonic_ns()}-"
        people = application.make_crowd(size, prefix)
        announcement = make_announcement()
        application.execute("TRUNCATE hark_notification CASCADE")  # what other cases left
        for turn in range(scale.rounds + 1):  # the first warms up
            say(f"round {turn} of {scale.rounds}")
            with watched_memory() as growth:
                noting = seconds(lambda: notify_all(people, announcement))
                writing = seconds(expand_all)
            expect_rows(size)
            alone = seconds(lambda: application.execute(COPY, [prefix]))
            expect_rows(2 * size)
            application.execute("TRUNCATE hark_notification CASCADE")
            peer.take_round()
            if turn:
                grown = max(grown, growth())
                found.setdefault(ALONE, []).append(size / alone)
                found.setdefault(NOTIFY, []).append(size / noting)
                found.setdefault(WHOLE, []).append(size / (noting + writing))
        queries[NOTIFY] = count_queries(lambda: notify_all(people, announcement))
        queries[WHOLE] = queries[NOTIFY] + count_queries(expand_all)
    proof = f"{size:,} rows counted after each round"
    rows = [
        Row(
            subject=name,
            role=Role.YARDSTICK if name == ALONE else Role.OURS,
            values=tuple(values),
            proof=proof,
            note=f"queries: {queries[name]:,}",
        )
        for name, values in found.items()
    ]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=[*rows, peer.row(lambda taken: peers_size / taken)],
        targets=[
            *(at_least(LEAST, row, unit="per second") for row in rows if row.role is Role.OURS),
            Target(
                text=f"memory grows by ≤ {MOST_GROWTH} MB",
                found=f"{grown:.1f} MB",
                reached=grown <= MOST_GROWTH,
            ),
        ],
        more_is_better=True,
        remarks=[
            f"A queryset of {size:,} users; {WHOLE} ends when the last row is committed.",
            "A notification is in seven indexes, and PostgreSQL's work on them is most of it all.",
            f"{peer.NAME}, with a list of {peers_size:,}, inserts one by one in a transaction.",
            f"Neither delivers anything here. {peer.WHERE}",
        ],
    )


def make_announcement() -> Any:
    """Return a notification about a new post."""
    from social.posts.models import Comment, Post
    from social.posts.notifications import PostCommented

    author, reader = application.make_people(2, f"announcer{time.monotonic_ns()}-")
    post = Post.objects.create(author=author, title="Tea", text="What do you drink?")
    (comment,) = Comment.objects.bulk_create([Comment(post=post, author=reader, text="Fennel.")])
    return PostCommented(comment=comment)


def notify_all(people: Any, announcement: Any) -> None:
    from hark import notify

    notify(people, announcement)


def expand_all() -> None:
    from hark.jobs.send import Send
    from hark.relay.outbox import run_due

    send = Send()
    while run_due(send, send.run, 1):
        pass


def expect_rows(expected: int) -> None:
    (row,) = application.execute(COUNT)
    if row[0] != expected:
        raise NotDelivered(f"{row[0]:,} notifications in place of {expected:,}")


def seconds(action: Callable[[], Any]) -> float:
    before = time.perf_counter()
    action()
    return time.perf_counter() - before


@contextmanager
def watched_memory() -> Iterator[Callable[[], float]]:
    """Yield what tells, after the block, by how many MB this process has grown in it."""
    process = psutil.Process()
    before = process.memory_info().rss
    after = before
    yield lambda: max(0, after - before) / 2**20
    after = process.memory_info().rss


NOTIFY = "Hark: notify() has returned"
WHOLE = "Hark: notify() and the relay's rows"
ALONE = "PostgreSQL alone: the same rows by one statement"
CASE = Case("recipients", QUESTION, run)
