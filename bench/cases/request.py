"""What `notify()` adds to a request: the same request with Hark and without, in turns."""

import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.case import Case, NotDelivered, Scale, say
from bench.cases.recipients import make_announcement, notify_all
from bench.results import Role, Row, Table, Target
from bench.subjects import application
from bench.subjects.application import count_queries
from bench.subjects.notifications_hq import NotificationsHq
from tests.stack import Stack

QUESTION = "How long does a request take that saves a comment, with `notify()` and without?"
UNIT = "ms (median of a round)"
REQUESTS = 200
MOST_ADDED = 1.0
MOST_QUERIES = 2
ALONE = "one person told, in a transaction of its own, without a request"


def run(scale: Scale) -> Table:
    stack = application.start()
    rows, targets = [], []
    for setting, gateway in (
        ("up", gateway_up),
        ("down", gateway_down),
        ("hanging", gateway_hangs),
    ):
        say(f"gateway {setting}")
        with gateway(stack):
            found, met = measure(f"gateway {setting}", rounds=scale.rounds)
        rows += found
        targets += met
    say(ALONE)
    rows += measure_alone(stack, rounds=scale.rounds)
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=targets,
        remarks=[
            "Django's test client: no server and no socket between. The relay is at work.",
            "Without a request, what is timed is BEGIN, one notification and COMMIT.",
            f"{NotificationsHq.NAME} writes a row and is done; Hark's relay then pushes ours.",
            NotificationsHq.WHERE,
        ],
    )


def measure(setting: str, *, rounds: int) -> tuple[list[Row], list[Target]]:
    comment = commenting()
    plain: list[float] = []
    hark: list[float] = []
    for turn in range(rounds + 1):  # the first warms up
        with_hark, without = [], []
        for _ in range(REQUESTS):
            with_hark.append(milliseconds(comment))
            with not_notifying():
                without.append(milliseconds(comment))
        if turn:
            plain.append(statistics.median(without))
            hark.append(statistics.median(with_hark))
    queries = count_queries(comment)
    with not_notifying():
        queries_without = count_queries(comment)
    proof = f"{(rounds + 1) * REQUESTS:,} comments saved"
    added = statistics.median(ours - theirs for ours, theirs in zip(hark, plain, strict=True))
    more = queries - queries_without
    return [
        Row(subject="without Hark", role=Role.YARDSTICK, setting=setting, values=tuple(plain),
            proof=proof),
        Row(subject="with Hark", role=Role.OURS, setting=setting, values=tuple(hark), proof=proof,
            note=f"{queries} queries, {queries_without} without"),
    ], [
        Target(text=f"{setting}: adds ≤ {MOST_ADDED:g} ms", found=f"{added:.2f} ms",
               reached=added <= MOST_ADDED),
        Target(text=f"{setting}: adds ≤ {MOST_QUERIES} queries", found=f"{more} queries",
               reached=more <= MOST_QUERIES),
    ]  # fmt: skip


def measure_alone(stack: Stack, *, rounds: int) -> list[Row]:
    from django.db import transaction

    announcement = make_announcement()
    author = announcement.comment.post.author
    tell = transaction.atomic(lambda: notify_all([author], announcement))
    medians = []
    with NotificationsHq(stack.environment, recipients=1, sends=REQUESTS) as peer:
        for _ in range(rounds + 1):  # the first warms up
            medians.append(statistics.median(milliseconds(tell) for _ in range(REQUESTS)))
            peer.take_round()
    proof = count_rows(author, expected=(rounds + 1) * REQUESTS)
    return [
        Row(subject="Hark: notify()", role=Role.OURS, setting=ALONE, values=tuple(medians[1:]),
            proof=proof, note=f"queries: {count_queries(tell)}"),
        peer.row(lambda seconds: seconds * 1000, setting=ALONE),
    ]  # fmt: skip


def count_rows(author: Any, *, expected: int) -> str:
    ((found,),) = application.execute(
        "SELECT count(*) FROM hark_notification WHERE user_id = %s", [author.pk]
    )
    if found != expected:
        raise NotDelivered(f"{found:,} notifications in place of {expected:,}")
    return f"{found:,} rows counted"


def commenting() -> Callable[[], None]:
    """Return a function that comments on another's post, by a whole request."""
    from social.posts.models import Post

    author, reader = application.make_people(2, f"request{time.monotonic_ns()}-")
    post = Post.objects.create(author=author, title="Tea", text="What do you drink?")
    return commenting_on(post, reader)


def commenting_on(post: Any, reader: Any) -> Callable[[], None]:
    from django.test import Client

    client = Client()
    client.force_login(reader)

    def comment() -> None:
        answer = client.post(
            f"/api/posts/{post.pk}/comments/",
            {"text": "Fennel, always fennel."},
            content_type="application/json",
            secure=True,
        )
        if answer.status_code != 201:
            raise NotDelivered(
                f"a comment was answered with {answer.status_code}: {answer.content!r}"
            )

    return comment


@contextmanager
def not_notifying() -> Iterator[None]:
    """Take Hark out: saved comments tell nobody."""
    from django.db.models.signals import post_save

    from social.posts.models import Comment

    kept, post_save.receivers = post_save.receivers, []
    post_save.sender_receivers_cache.clear()
    try:
        yield
    finally:
        post_save.receivers = kept
        post_save.sender_receivers_cache.pop(Comment, None)


def milliseconds(action: Callable[[], Any]) -> float:
    before = time.perf_counter()
    action()
    return (time.perf_counter() - before) * 1000


@contextmanager
def gateway_up(_: Stack) -> Iterator[None]:
    yield


@contextmanager
def gateway_down(stack: Stack) -> Iterator[None]:
    with stack.without("gateway"):
        yield


@contextmanager
def gateway_hangs(stack: Stack) -> Iterator[None]:
    """Something accepts connections in the gateway's place, and never answers."""
    with stack.without("gateway"), socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", int(stack.environment["GATEWAY_PORT"])))
        silent.listen(128)
        yield


CASE = Case("request", QUESTION, run)
