"""A backlog: the relay was away, and finds 100,000 deliveries that are owed."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, at_least
from bench.subjects import application

QUESTION = "How many owed deliveries does the relay make per second of one processor?"
UNIT = "deliveries per second of the process's CPU time"
BACKLOG = 100_000
PATIENCE = 300.0
LEAST = 10_000
AT_ONCE = 1_000
ROUNDS = 2  # they are long ones

POSTS = """
    INSERT INTO posts_post (id, author_id, title, text)
    SELECT gen_random_uuid(), id, 'Tea', 'What do you drink?' FROM accounts_user
    WHERE starts_with(username, %s)
"""
COMMENTS = """
    INSERT INTO posts_comment (id, author_id, post_id, text)
    SELECT gen_random_uuid(), %s, posts_post.id, 'Fennel, always fennel.' FROM posts_post
    JOIN accounts_user ON accounts_user.id = posts_post.author_id
    WHERE starts_with(username, %s)
"""
OWE_COMMENTS = """
    INSERT INTO hark_notification
        (user_id, type, version, actor, target, params, facts, key, created_at, arrived)
    SELECT posts_post.author_id, 'post.commented', 1, posts_comment.author_id::text,
        'posts.post:' || posts_post.id, jsonb_build_object('comment',
            jsonb_build_object('$model', 'posts.comment', 'pk', posts_comment.id::text)),
        gen_random_uuid(), '', now(), FALSE
    FROM posts_comment JOIN posts_post ON posts_post.id = posts_comment.post_id
    JOIN accounts_user ON accounts_user.id = posts_post.author_id
    WHERE starts_with(username, %s)
"""
UNTIL_NUMBERED = "SELECT 1 FROM hark_notification WHERE modseq IS NULL LIMIT 1"
UNTIL_TOLD = "SELECT 1 FROM hark_inbox WHERE published < modseq LIMIT 1"


def run(scale: Scale) -> Table:
    application.start()
    size = scale.clients(BACKLOG)
    found: dict[str, list[tuple[float, float]]] = {}
    prefix = f"drain{time.monotonic_ns():x}-"
    people = application.make_crowd(size, prefix)
    owe_comments = commented(prefix)
    for turn in range(ROUNDS):
        say(f"round {turn + 1} of {ROUNDS}")
        found.setdefault(PUBLISHING, []).append(publish_alone(size))
        found.setdefault(COMMENTED, []).append(drain(size, owe_comments))
        found.setdefault(ANNOUNCED, []).append(drain(size, lambda: announce(people)))
    rows = [
        Row(
            subject=name,
            role=Role.YARDSTICK if name == PUBLISHING else Role.OURS,
            values=tuple(cpu for cpu, _ in rates),
            proof=f"{size * ROUNDS:,} told, as the inboxes say",
            note="by the clock: " + ", ".join(f"{wall:,.0f}" for _, wall in rates),
        )
        for name, rates in found.items()
    ]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=[at_least(LEAST, row, unit="per second") for row in rows if row.role is Role.OURS],
        more_is_better=True,
        remarks=[
            f"{size:,} people, each owed a push of their own, through the gateway.",
            "The figure is that of the relay's process; database and gateway have theirs besides.",
        ],
    )


def commented(prefix: str) -> Callable[[], None]:
    """Let somebody comment on a post of each; return what owes them the notification anew."""
    (reader,) = application.make_people(1, f"by-{prefix}")
    application.execute(POSTS, [prefix])
    application.execute(COMMENTS, [reader.pk, prefix])
    for table in ("posts_post", "posts_comment"):
        application.execute(f"VACUUM ANALYZE {table}")

    def owe() -> None:
        application.execute(OWE_COMMENTS, [prefix])

    return owe


def announce(people: Any) -> None:
    """Owe everyone the same notification."""
    from hark.jobs.send import write
    from hark.sending import template
    from social.posts.models import Comment
    from social.posts.notifications import PostCommented

    comment = Comment.objects.select_related("author", "post")[0]
    row = template(PostCommented(comment=comment))
    write(row, list(people.values_list("pk", flat=True)))


def drain(size: int, owe: Callable[[], None]) -> tuple[float, float]:
    """Owe deliveries, all in one moment; return how many were made per second, CPU and clock."""
    service = application.start().services["relay"].process
    assert service is not None
    relay = psutil.Process(service.pid)
    application.execute("VACUUM ANALYZE hark_notification")
    application.execute("VACUUM ANALYZE hark_inbox")
    told = all_told()
    owe()
    began, busy = time.perf_counter(), cpu_seconds(relay)
    wait_until_told(service)
    took, spent = time.perf_counter() - began, cpu_seconds(relay) - busy
    if all_told() - told != size:
        raise NotDelivered(f"{all_told() - told:,} of {size:,} were told")
    return size / spent, size / took


def wait_until_told(relay: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while application.execute(UNTIL_NUMBERED) or application.execute(UNTIL_TOLD):
        if relay.poll() is not None:
            raise NotDelivered(f"the relay ended with {relay.returncode}")
        if time.monotonic() > deadline:
            raise NotDelivered(f"the relay was not done within {PATIENCE:g} s")
        time.sleep(0.1)


def all_told() -> int:
    (row,) = application.execute("SELECT coalesce(sum(published), 0)::bigint FROM hark_inbox")
    return int(row[0])


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def publish_alone(size: int) -> tuple[float, float]:
    """Publish as much, ready-made, by the same backend: no database, nothing to render."""
    from hark.backends import backend
    from hark.backends.base import Publication
    from hark.channels import inbox_of

    data = {"since": 0, "modseq": 1, "items": [{"body": "x" * 300}], "counts": {}}
    began, busy = time.perf_counter(), time.process_time()
    for first in range(0, size, AT_ONCE):
        backend().publish(
            [
                Publication(channel=inbox_of(number), data=data)
                for number in range(first, min(first + AT_ONCE, size))
            ]
        )
    return size / (time.process_time() - busy), size / (time.perf_counter() - began)


PUBLISHING = "the publish calls alone"
COMMENTED = "Hark: each a comment of its own"
ANNOUNCED = "Hark: one announcement to all"
CASE = Case("drain", QUESTION, run)
