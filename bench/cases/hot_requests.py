"""200 people comment on one author's post at once, by whole requests: with Hark and without."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

from bench.case import Case, NotDelivered, Scale, say
from bench.cases.request import commenting_on, not_notifying
from bench.results import Role, Row, Table, at_least_times
from bench.subjects import application

QUESTION = "How many comments per second does the application take from 200 on one author's post?"
UNIT = "comments per second"
WRITERS = 200
SECONDS = 6
LEAST = 0.9
PATIENCE = 60.0
WITHOUT, WITH = "without Hark", "with Hark"


def run(scale: Scale) -> Table:
    application.start()
    found: dict[str, list[float]] = {WITHOUT: [], WITH: []}
    with writers() as comment_at_once:
        for turn in range(scale.rounds + 1):  # the first warms up
            say(f"round {turn} of {scale.rounds}")
            ways = [(WITHOUT, not_notifying()), (WITH, nullcontext())]
            for way, hark in ways if turn % 2 else reversed(ways):
                with hark:
                    rate = comment_at_once(SECONDS)
                if turn:
                    found[way].append(rate)
                wait_until_told()
    rows = {
        way: Row(
            subject=way,
            role=Role.OURS if way == WITH else Role.YARDSTICK,
            values=tuple(values),
            proof="each was answered with 201",
        )
        for way, values in found.items()
    }
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=list(rows.values()),
        targets=[at_least_times(LEAST, rows[WITH], rows[WITHOUT])],
        more_is_better=True,
        remarks=[
            f"{WRITERS} threads of one process, each with a database session of its own.",
            "The relay and the gateway deliver meanwhile, on the same processors.",
        ],
    )


@contextmanager
def writers() -> Iterator[Callable[[float], float]]:
    """Yield what has 200 people comment for so many seconds, and returns the rate."""
    from django.db import connection

    from social.posts.models import Post

    author, *readers = application.make_people(WRITERS + 1, f"hot{time.monotonic_ns():x}-")
    post = Post.objects.create(author=author, title="Tea", text="What do you drink?")
    comments = [commenting_on(post, reader) for reader in readers]
    together = threading.Barrier(WRITERS, timeout=PATIENCE)  # so that each has a thread of its own

    def write(comment: Callable[[], None], seconds: float) -> int:
        together.wait()
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            comment()
            count += 1
        return count

    def hang_up(_: object) -> None:
        together.wait()
        connection.close()

    with ThreadPoolExecutor(WRITERS) as threads:
        yield lambda seconds: sum(threads.map(write, comments, [seconds] * WRITERS)) / seconds
        list(threads.map(hang_up, comments))


def wait_until_told() -> None:
    deadline = time.monotonic() + PATIENCE
    while application.execute("SELECT 1 FROM hark_notification WHERE modseq IS NULL LIMIT 1"):
        if time.monotonic() > deadline:
            raise NotDelivered(f"the relay was not done within {PATIENCE:g} s")
        time.sleep(0.1)


CASE = Case("hot-requests", QUESTION, run)
