"""The PubNub protocol: long polls, calls, and the memory of clients that wait."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from bench.case import Case, NotDelivered, Scale, Scene, measure_in_turn, play, row_of, say
from bench.cases import memory
from bench.load.dialogues import Door, drawn
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.results import Role, Row, Table, at_least, at_most
from bench.subjects import kernel, pubnub
from bench.subjects.running import Running, Subject

QUESTION = "How many long polls and calls does the PubNub protocol answer per CPU second?"
UNIT = "per CPU second"
MEMORY_QUESTION = "How much of the server's memory does a client keep that waits in a long poll?"
MEMORY_UNIT = "KiB per client"
POLLERS = 1_000
PUBLICATIONS = 40  # per round
WAITING = 10_000
CONNECTIONS = 20
CALLS = 250  # per connection and round
BODY = b'[1,"Sent","17000000000000000"]'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
GRANT = {
    "ttl": 60,
    "permissions": {
        "uuid": "42",
        "resources": {
            **{kind: {} for kind in ("groups", "uuids", "users", "spaces")},
            "channels": {"inbox.42": 1},
        },
        "patterns": {kind: {} for kind in ("channels", "groups", "uuids", "users", "spaces")},
        "meta": {},
    },
}


def run(scale: Scale) -> Table:
    fan_out = measure_in_turn(
        [pubnub.gateway()],
        scale.clients(POLLERS),
        polls_per_cpu_second,
        rounds=scale.rounds,
        setting=f"long polls, {scale.clients(POLLERS):,} on one channel",
    )
    targets = [at_least(12_000, fan_out[0], unit=UNIT)]
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


def calls_door(path: str, body: str = "", **more: str) -> Door:
    headers = {"publish-key": pubnub.GUARDED["publish_key"]}
    return Door(
        port=0,
        kind="pubnub_calls",
        path=path,
        body=body,
        calls=CALLS,
        channels=1_000,
        headers=headers,
        **more,  # type: ignore[arg-type]
    )


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
    (
        "grant",
        calls_door("/v3/pam/sub-c/grant", json.dumps(GRANT), secret=pubnub.GUARDED["secret_key"]),
        2_000,
    ),
)


def run_memory(scale: Scale) -> Table:
    clients = scale.clients(WAITING)
    bare = Subject("bare asyncio protocol on uvloop", Role.YARDSTICK, memory.run_bare)
    same = pubnub.gateway(100, 100, "Hark gateway, the same 100 channels")
    lots = pubnub.gateway(1_000, 100, "Hark gateway, 100 of 1,000 channels by lot")
    rows = []
    for subject in (bare, same, lots):
        say(f"{clients:,} clients: {subject.name}")
        values = [grow(subject, clients) for _ in range(min(scale.rounds, 3))]
        proof = f"{clients:,} open" + ", and heard what they should" * (subject is not bare)
        rows.append(row_of(subject, values=values, proof=proof))
    return Table(
        case=MEMORY_CASE.name,
        question=MEMORY_QUESTION,
        unit=MEMORY_UNIT,
        rows=rows,
        targets=[at_most(8, row, unit=MEMORY_UNIT) for row in rows[1:]],
        remarks=["Growth of resident memory from 20 clients to all, without the kernel's own."],
    )


def grow(subject: Subject, clients: int) -> float:
    """Return the growth per client in KiB.

    Raises:
        NotDelivered: Not exactly those heard a publication who wait for its channel.
    """
    with play(subject, 20) as scene:
        before = scene.running.rss_bytes()
        scene.swarm.open(clients)
        scene.swarm.settle(1)
        grown = (scene.running.rss_bytes() - before) / clients / 1024
        if scene.running.publish_all is not None:
            door = scene.running.door
            expected = sum(0 in drawn(door, number) for number in range(clients + 20))
            scene.publish(1)
            heard = scene.swarm.settle(5)
            if heard.total != expected:
                raise NotDelivered(f"{subject.name}: {heard.total:,} of {expected:,} heard it")
        return grown


@contextmanager
def run_bare(_clients: int) -> Iterator[Running]:
    with kernel.run_answers([ANSWER], calls_door("/")) as running:
        yield running


CASE = Case("pubnub", QUESTION, run)
MEMORY_CASE = Case("pubnub-memory", MEMORY_QUESTION, run_memory)
