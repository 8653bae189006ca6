"""From COMMIT to the screen: what a notification takes to reach the official SDK's callback."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cent
import psycopg
from centrifuge import Client, ClientEventHandler, ServerPublicationContext

from bench.case import Case, NotDelivered, Scale, say
from bench.results import Role, Row, Table, Target
from bench.subjects import application

QUESTION = "How long after COMMIT does the official SDK client call its application?"
UNIT = "ms"
RATE = 100  # per second
COMMITS = 500
PATIENCE = 10.0
MOST = {"p50": 10.0, "p99": 50.0}


class Screen(ClientEventHandler):
    """An SDK client in a thread of its own, that notes when each publication is handed to it."""

    def __init__(self, url: str, token: str) -> None:
        self.heard_at: dict[Any, float] = {}
        self._connected = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._client = Client(url, token=token, events=self, loop=self._loop)

    async def on_publication(self, ctx: ServerPublicationContext) -> None:
        now = time.perf_counter()
        for item in ctx.pub.data["items"]:
            self.heard_at.setdefault(item["body"], now)

    async def on_connected(self, _: object) -> None:
        self._connected.set()

    def open(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.connect(), self._loop).result(PATIENCE)
        if not self._connected.wait(PATIENCE):
            raise NotDelivered("the client did not connect")

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _leave(self) -> None:
        await self._client.disconnect()
        rest = asyncio.all_tasks() - {asyncio.current_task()}  # the SDK leaves some behind
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def delays(self, sent_at: dict[Any, float]) -> list[float]:
        """Return the milliseconds that each took, once all are here."""
        deadline = time.monotonic() + PATIENCE
        while sent_at.keys() - self.heard_at.keys() and time.monotonic() < deadline:
            time.sleep(0.01)
        if missing := sent_at.keys() - self.heard_at.keys():
            raise NotDelivered(f"{len(missing)} of {len(sent_at)} did not arrive")
        return [(self.heard_at[name] - at) * 1000 for name, at in sent_at.items()]


def run(scale: Scale) -> Table:
    application.start()
    found: dict[str, list[list[float]]] = {}
    count = scale.clients(COMMITS)
    for turn in range(scale.rounds):
        say(f"round {turn + 1} of {scale.rounds}")
        for way, measure in WAYS.items():
            found.setdefault(way, []).append(measure(count))
    rows = [
        Row(
            subject=way,
            role=Role.OURS if way == OURS else Role.YARDSTICK,
            setting=name,
            values=tuple(quantile(delays, name) for delays in rounds),
            proof=f"{count * scale.rounds:,} of {count * scale.rounds:,}",
        )
        for name in MOST
        for way, rounds in found.items()
    ]
    ours = {row.setting: row.median for row in rows if row.role is Role.OURS}
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=[
            Target(
                text=f"{name} ≤ {limit:g} ms at {RATE} commits per second",
                found=f"{ours[name]:.1f} ms",
                reached=ours[name] <= limit,
            )
            for name, limit in MOST.items()
        ],
        remarks=[f"{RATE} commits per second, each a comment on one author's post."],
    )


def quantile(delays: list[float], name: str) -> float:
    return statistics.quantiles(delays, n=100)[int(name[1:]) - 1]


def at_rate(count: int) -> Iterator[str]:
    """Yield a name for each of `count` events, evenly spread."""
    start = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        yield f"{start}-{number}"


def through_hark(count: int) -> list[float]:
    """A comment is saved; its author's screen hears of it."""
    from social.posts.models import Comment, Post

    author, reader = application.make_people(2, f"arrival{time.monotonic_ns()}-")
    post = Post.objects.create(author=author, title="Tea", text="What do you drink?")
    sent_at = {}
    with screen_of(author) as screen:
        for text in at_rate(count):
            Comment.objects.create(post=post, author=reader, text=text)  # commits by itself
            sent_at[text] = time.perf_counter()
        return screen.delays(sent_at)


def through_gateway(count: int) -> list[float]:
    """The gateway alone: a call of its API in place of commit and relay."""
    from hark.conf import settings

    (author,) = application.make_people(1, f"direct{time.monotonic_ns()}-")
    options = settings().OPTIONS
    api = cent.Client(options["api_url"], options["api_key"])
    sent_at = {}
    with screen_of(author) as screen:
        for text in at_rate(count):
            sent_at[text] = time.perf_counter()
            api.publish(
                cent.PublishRequest(channel=f"inbox:{author.pk}", data={"items": [{"body": text}]})
            )
        return screen.delays(sent_at)


def through_postgres(count: int) -> list[float]:
    """The database alone: LISTEN hears of a NOTIFY that was committed."""
    from django.db import connection

    heard_at: dict[str, float] = {}
    stop = threading.Event()
    listening = threading.Event()

    def listen() -> None:
        uri = application.start().environment["DATABASE_URL"]
        with psycopg.connect(uri, autocommit=True) as listener:
            listener.execute("LISTEN arrival")
            listening.set()
            while not stop.is_set():
                for heard in listener.notifies(timeout=0.2):
                    heard_at[heard.payload] = time.perf_counter()

    thread = threading.Thread(target=listen)
    thread.start()
    listening.wait(PATIENCE)
    sent_at = {}
    for text in at_rate(count):
        sent_at[text] = time.perf_counter()  # a listener may hear before the sender's answer comes
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('arrival', %s)", [text])
    stop.set()
    thread.join()
    return [(heard_at[name] - at) * 1000 for name, at in sent_at.items()]


@contextmanager
def screen_of(user: Any) -> Iterator[Screen]:
    from hark.tokens import connect_info

    info = connect_info(user.pk)
    screen = Screen(info.url, info.token)  # type: ignore[attr-defined]
    screen.open()
    try:
        yield screen
    finally:
        screen.close()


OURS = "Hark: comment, relay, gateway, client"
WAYS = {
    "PostgreSQL alone: NOTIFY to LISTEN": through_postgres,
    "the gateway alone: publish call to client": through_gateway,
    OURS: through_hark,
}
CASE = Case("arrival", QUESTION, run)
