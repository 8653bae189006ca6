"""Crowds: how long a stranger waits while very many others are told something."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.case import Case, Scale, Scene, measure_in_turn
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, peers
from bench.subjects.running import Api, Subject

QUESTION = "How long does a stranger wait, 99 times of 100, while a whole crowd is told something?"
UNIT = "milliseconds"
CROWDS = (10_000, 15_000)
SECONDS = 5.0
PAUSE = 0.003
"""Seconds between the stranger's calls."""
PUBLISH_EVERY = 0.15
"""Seconds; about as long as it takes to tell the largest crowd."""
P99 = 3.0
STRANGER = hark.publish_body("plain:stranger", b"{}")


def run(scale: Scale) -> Table:
    rows: list[Row] = []
    for full in CROWDS:
        clients = scale.clients(full)
        rows += measure_in_turn(
            subjects(), clients, measure, rounds=min(scale.rounds, 3), setting=f"{clients:,} told"
        )
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=[at_most(P99, row, unit=UNIT) for row in rows if row.role is Role.OURS],
        remarks=[
            "The stranger publishes on a channel of its own, every few milliseconds.",
            f"The crowd is told something every {1000 * PUBLISH_EVERY:g} ms.",
            "The yardstick is the same crowd told nothing: what the machine itself costs.",
        ],
    )


def subjects() -> list[Subject]:
    ours = hark.gateway()
    quiet = Subject("Hark gateway, crowd told nothing", Role.YARDSTICK, ours.start)
    return [quiet, ours, *(each for each in peers.all_peers() if each.name == "Centrifugo")]


def measure(scene: Scene) -> float:
    """Return the 99th percentile of what a stranger waits."""
    if scene.subject.role is Role.YARDSTICK:
        return percentile(scene)
    with told(scene):
        return percentile(scene)


def percentile(scene: Scene) -> float:
    api = Api(scene.running.door.port, hark.HEADERS)
    waits = []
    ends = time.monotonic() + SECONDS
    while (began := time.monotonic()) < ends:
        api.post("/api/publish", STRANGER)
        waits.append(time.monotonic() - began)
        time.sleep(PAUSE)
    return 1000 * statistics.quantiles(waits, n=100)[98]


@contextmanager
def told(scene: Scene) -> Iterator[None]:
    """Publish to the crowd, again and again, and wait at the end until all of it has arrived."""
    is_over = threading.Event()

    def tell() -> None:
        while not is_over.wait(PUBLISH_EVERY):
            scene.publish(1)

    teller = threading.Thread(target=tell)
    scene.swarm.begin("settle", seconds=SECONDS)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
    scene.swarm.answer()
    scene.swarm.wait_for(scene.published)


CASE = Case("crowds", QUESTION, run)
