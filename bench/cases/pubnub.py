"""The PubNub protocol: long polls and calls."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from bench.case import Case, Scale, Scene, measure_in_turn, row_of, say
from bench.load.dialogues import Door
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.results import Role, Row, Table, at_least
from bench.subjects import kernel, pubnub
from bench.subjects.running import Running, Subject

QUESTION = "How many long polls and calls does the PubNub protocol answer per CPU second?"
UNIT = "per CPU second"
POLLERS = 1_000
PUBLICATIONS = 40  # per round
CONNECTIONS = 20
CALLS = 250  # per connection and round
# What the yardstick says to everything; each kind of caller finds in it what it looks for.
BODY = b'{"data":{"token":"none"},"m":[]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def run(scale: Scale) -> Table:
    fan_out = measure_in_turn(
        [pubnub.gateway(), pubnub.gateway("Hark gateway, a token each", guarded=True)],
        scale.clients(POLLERS),
        polls_per_cpu_second,
        rounds=scale.rounds,
        setting=f"long polls, {scale.clients(POLLERS):,} on one channel",
    )
    targets = [at_least(12_000, row, unit=UNIT) for row in fan_out]
    rows = list(fan_out)
    for setting, door, goal in CALLS_MADE:
        bare, ours = measure_calls(scale, setting, door)
        rows += [bare, ours]
        targets.append(at_least(goal, ours, unit=UNIT))
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=targets,
        more_is_better=True,
        remarks=[
            "A long poll counts once: its answer with 200 bytes, and the next request.",
            "The yardstick reads the call and sends an answer, no more; a long poll costs as much.",
            "The last token that a caller is granted must open its channel.",
        ],
    )


def polls_per_cpu_second(scene: Scene) -> float:
    before = scene.running.cpu_seconds()
    for _ in range(PUBLICATIONS):
        scene.publish(1)
        scene.swarm.wait_for(scene.published)
    scene.swarm.settle(0.3)  # until the last requests have come in
    return PUBLICATIONS * scene.swarm.size / (scene.running.cpu_seconds() - before)


def measure_calls(scale: Scale, setting: str, door: Door) -> tuple[Row, Row]:
    """Return the yardstick's row and ours, measured in turns."""
    say(setting)
    bare = Subject(f"recv() and send() in {kernel.language()}", Role.YARDSTICK, run_bare)
    ours = pubnub.gateway()
    figures: dict[str, list[float]] = {bare.name: [], ours.name: []}
    with ExitStack() as stack:
        running = [stack.enter_context(each.start(0)) for each in (bare, ours)]
        doors = [door.at(each.door.port) for each in running]
        callers = [stack.enter_context(RemoteSwarm(each, sampled=0)) for each in doors]
        for _ in range(scale.rounds + 1):
            for name, server, swarm in zip(figures, running, callers, strict=True):
                figures[name].append(calls_per_cpu_second(server, swarm))
    proof = f"{CONNECTIONS * CALLS * (scale.rounds + 1):,} calls answered 200"
    first, second = (
        row_of(each, setting=setting, values=figures[each.name][1:], proof=proof)
        for each in (bare, ours)
    )
    return first, second


def calls_per_cpu_second(running: Running, swarm: RemoteSwarm) -> float:
    before = running.cpu_seconds()
    swarm.open(CONNECTIONS)  # a caller is open once it has made all its calls
    used = running.cpu_seconds() - before
    swarm.close_clients()
    return CONNECTIONS * CALLS / used


def calls_door(path: str, body: str = "") -> Door:
    return Door(port=0, kind="pubnub_calls", path=path, body=body, calls=CALLS, channels=1_000)


CALLS_MADE = (
    (
        "publish by GET",
        calls_door("/publish/pub/sub/0/channel-{n}/0/" + quote(make_payload(0), safe="")),
        6_000,
    ),
    (
        "publish by POST",
        calls_door("/publish/pub/sub/0/channel-{n}/0", make_payload(0).decode()),
        6_000,
    ),
    ("grant", Door(port=0, kind="pubnub_grants", calls=CALLS), 2_000),
)


@contextmanager
def run_bare(_clients: int) -> Iterator[Running]:
    with kernel.run_answers([ANSWER], calls_door("/")) as running:
        yield running


CASE = Case("pubnub", QUESTION, run)
