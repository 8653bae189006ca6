"""Publishing: one channel per HTTP call, on connections that are kept alive."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.case import Case, NotDelivered, Scale, row_of, say
from bench.load.dialogues import Door
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.results import Role, Row, Table, at_least
from bench.subjects import hark, kernel
from bench.subjects.running import Running, Subject

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
    door = calls_door(namespace)
    bare = Subject(f"recv() and send() in {kernel.language()}", Role.YARDSTICK, run_bare)
    ours = hark.gateway(namespace + ":{n}")
    figures: dict[str, list[float]] = {bare.name: [], ours.name: []}
    with ExitStack() as stack:
        running = [stack.enter_context(each.start(0)) for each in (bare, ours)]
        doors = [door.at(each.door.port) for each in running]
        callers = [stack.enter_context(RemoteSwarm(each, sampled=0)) for each in doors]
        listeners = stack.enter_context(RemoteSwarm(running[1].door))
        listeners.open(CHANNELS if listens else 0)
        for turn in range(scale.rounds + 1):
            for name, server, swarm in zip(figures, running, callers, strict=True):
                figures[name].append(calls_per_cpu_second(server, swarm))
            if listens:
                expect(listeners, (turn + 1) * CONNECTIONS * CALLS // CHANNELS)
    proof = f"{CONNECTIONS * CALLS * (scale.rounds + 1):,} calls answered"
    told = f"{proof}, each heard by its listener" if listens else proof
    return [
        row_of(bare, setting=setting, values=figures[bare.name][1:], proof=proof),
        row_of(ours, setting=setting, values=figures[ours.name][1:], proof=told),
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


def calls_door(namespace: str) -> Door:
    body = hark.publish_body(namespace + ":{n}", make_payload(0)).decode()
    return Door(
        port=0,
        kind="http_calls",
        path="/api/publish",
        headers=hark.HEADERS,
        body=body,
        calls=CALLS,
        channels=CHANNELS,
    )


@contextmanager
def run_bare(_clients: int) -> Iterator[Running]:
    with kernel.run_answers([ANSWER], calls_door("plain")) as running:
        yield running


CASE = Case("publish", QUESTION, run, plotted=True)
