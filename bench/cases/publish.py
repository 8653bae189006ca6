"""Publishing: one channel per HTTP call, on connections that are kept alive."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from bench.case import Case, NotDelivered, Scale, say
from bench.load.dialogues import Door
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.processes import free_port
from bench.results import Role, Row, Table, at_least
from bench.subjects import hark, kernel
from bench.subjects.running import Running

QUESTION = "How many publish calls does the server answer per CPU second?"
CONNECTIONS = 20
CALLS = 250  # per connection and round
CHANNELS = 1_000
ANSWER = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"result":{}}'
)


def run(scale: Scale) -> Table:
    rows = []
    for setting, namespace, listens in (
        ("nobody listens", "plain", False),
        ("nobody listens, history on", "kept", False),
        ("one listens on each channel, history on", "kept", True),
    ):
        rows += measure(scale, setting, namespace, listens=listens)
    ours = [row for row in rows if row.role is Role.OURS]
    unit = "calls per CPU second"
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=unit,
        rows=rows,
        targets=[at_least(8_000, row, unit=unit) for row in ours],
        more_is_better=True,
        remarks=["The yardstick reads the call and sends an answer of the same kind, no more."],
    )


def measure(scale: Scale, setting: str, namespace: str, *, listens: bool) -> list[Row]:
    """Return the yardstick's row and ours, measured in turns."""
    say(setting)
    with ExitStack() as stack:
        door = calls_door(0, namespace)
        bare = stack.enter_context(kernel.run_answers([ANSWER], door))
        ours = stack.enter_context(run_gateway(namespace))
        callers = [stack.enter_context(RemoteSwarm(bare.door, sampled=0))]
        callers.append(stack.enter_context(RemoteSwarm(door.at(ours.door.port), sampled=0)))
        listeners = None
        if listens:
            listeners = stack.enter_context(RemoteSwarm(ours.door))
            listeners.open(CHANNELS)
        figures: list[list[float]] = [[], []]
        for turn in range(scale.rounds + 1):
            for running, swarm, found in zip((bare, ours), callers, figures, strict=True):
                found.append(calls_per_cpu_second(running, swarm))
            if listeners is not None:
                expect(listeners, (turn + 1) * CONNECTIONS * CALLS // CHANNELS)
    proof = f"{CONNECTIONS * CALLS * (scale.rounds + 1):,} calls answered"
    told = f"{proof}, each heard by its listener" if listens else proof
    yardstick = f"recv() and send() in {kernel.language()}"
    return [
        Row(
            subject=yardstick,
            role=Role.YARDSTICK,
            setting=setting,
            values=tuple(figures[0][1:]),
            proof=proof,
        ),
        Row(
            subject="Hark gateway",
            role=Role.OURS,
            setting=setting,
            values=tuple(figures[1][1:]),
            proof=told,
        ),
    ]


def calls_per_cpu_second(running: Running, swarm: RemoteSwarm) -> float:
    before = running.cpu_seconds()
    swarm.open(CONNECTIONS)  # a caller is open once it has made all its calls
    used = running.cpu_seconds() - before
    swarm.close_clients()
    return CONNECTIONS * CALLS / used


def expect(listeners: RemoteSwarm, each: int) -> None:
    heard = listeners.wait_for(each)
    if not heard.least == heard.most == each:
        raise NotDelivered(f"{each} calls per channel, {heard.least} to {heard.most} were heard")


def calls_door(port: int, namespace: str) -> Door:
    body = hark.publish_body(namespace + ":{n}", make_payload(0)).decode()
    return Door(
        port=port,
        kind="http_calls",
        path="/api/publish",
        headers=hark.HEADERS,
        body=body,
        calls=CALLS,
        channels=CHANNELS,
    )


@contextmanager
def run_gateway(namespace: str) -> Iterator[Running]:
    port = free_port()
    with hark.start_gateway(port) as server:
        yield Running([server], replace(hark.door(port, namespace + ":{n}")))


CASE = Case("publish", QUESTION, run, plotted=True)
