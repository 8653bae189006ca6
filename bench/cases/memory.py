"""Memory: what an open connection that has nothing to say keeps of the server's memory."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import subjects as programs
from bench.case import Case, NotDelivered, Scale, play, row_of, say
from bench.load.dialogues import Door
from bench.payload import make_payload
from bench.processes import DidNotStart, ServerProcess, free_port
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, peers
from bench.subjects.running import Api, NotHere, Running, Subject

QUESTION = "How much of the server's memory does an idle connection keep?"
CLIENTS = 15_000
SLOW_CLIENTS = 1_500
UNIT = "KiB per connection"


def run(scale: Scale) -> Table:
    rows = [measure(subject, scale) for subject in subjects()]
    targets = [at_most(4, row, unit=UNIT) for row in rows if row.role is Role.OURS]
    targets += [
        at_most(2.5, row, unit=UNIT, tail=", tried for") for row in rows if row.role is Role.OURS
    ]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=targets,
        remarks=[
            "Growth of resident memory from 20 connections to all, without the kernel's own.",
            "Ours hold a verified token and a subscription with history, recovery and presence.",
            "The peers' hold one subscription, those of picows and websockets none.",
        ],
    )


def subjects() -> list[Subject]:
    own = hark.gateway("shown:{n}", "Hark gateway, a channel each")
    shared = hark.gateway("shown:all", "Hark gateway, one channel for all")
    bare = Subject("bare asyncio protocol on uvloop", Role.YARDSTICK, run_bare)
    return [bare, own, shared, *peers.all_peers()]


def measure(subject: Subject, scale: Scale) -> Row:
    clients = scale.clients(SLOW_CLIENTS if subject.slow else CLIENTS)
    say(f"{clients:,} connections: {subject.name}")
    values, proof = [], ""
    try:
        for _ in range(min(scale.rounds, 3)):
            kilobytes, proof = grow(subject, clients)
            values.append(kilobytes)
    except (NotHere, DidNotStart) as problem:
        return row_of(subject, problem=problem)
    return row_of(subject, values=values, proof=proof)


def grow(subject: Subject, clients: int) -> tuple[float, str]:
    """Return the growth per connection in KiB, and proof that all of them live."""
    with play(subject, 20) as scene:
        before = scene.running.rss_bytes()
        scene.swarm.open(clients)
        scene.swarm.settle(1)
        grown = (scene.running.rss_bytes() - before) / clients / 1024
        proof = f"{clients:,} open"
        if scene.running.publish_all is not None:
            publish_to_all(scene.running, clients + 20)
            heard = scene.swarm.wait_for(1)
            if not heard.least == heard.most == 1:
                raise NotDelivered(f"{subject.name}: a connection was dead")
            proof = f"{heard.total:,} open, each told once more"
        return grown, proof


def publish_to_all(running: Running, clients: int) -> None:
    if "{n}" not in running.door.channel:
        assert running.publish_all is not None
        running.publish_all([make_payload(0)])
        return
    api = Api(running.door.port, hark.HEADERS)
    for first in range(0, clients, 500):
        numbers = range(first, min(first + 500, clients))
        channels = [running.door.channel.format(n=number) for number in numbers]
        api.post("/api/broadcast", hark.broadcast_body(channels, make_payload(0)))


@contextmanager
def run_bare(_clients: int) -> Iterator[Running]:
    port = free_port()
    program = Path(programs.__file__).parent / "bare_protocol.py"
    command = [sys.executable, str(program), str(port)]
    with ServerProcess("bare-protocol", command, port=port, environment=os.environ) as server:
        yield Running([server], Door(port=port, kind="bare"))


CASE = Case("memory", QUESTION, run, plotted=True)
