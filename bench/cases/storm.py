"""Connect storm: everyone comes at once, as after a deployment or a broken network."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import jwt

from bench.case import Case, Scale, row_of, say
from bench.load.dialogues import make_place
from bench.load.remote import RemoteSwarm
from bench.processes import DidNotStart
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, kernel, peers
from bench.subjects.running import NotHere, Running, Subject
from hark_gateway.auth import TokenOptions, Verifier

QUESTION = "What does one more client cost: handshake, connect with a token, subscribe?"
UNIT = "µs of server CPU per connection"
CLIENTS = 5_000
SLOW_CLIENTS = 500
TOKENS = 2_000
MUST, TRY = 4_500, 7_000  # connections per CPU second
_DOOR = hark.door(0, "kept:{n}")
HANDSHAKE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
ANSWERS = (
    HANDSHAKE,
    b'\x81\x42{"id":2,"subscribe":{"recoverable":true,"epoch":"x","offset":0}}}}}',
)


@dataclass(slots=True)
class Arena:
    """A subject, and clients that come all at once, again and again."""

    subject: Subject
    running: Running
    swarm: RemoteSwarm
    clients: int
    values: list[float] = field(default_factory=list)


def run(scale: Scale) -> Table:
    rows = measure_connections(scale)
    ours = [row for row in rows if row.role is Role.OURS]
    rows += [
        measure_call("token checked by PyJWT", Role.YARDSTICK, decode_by_library, scale),
        measure_call("token checked by our gateway", Role.OURS, make_verify(), scale),
    ]
    targets = [at_most(1e6 / MUST, row, unit=UNIT) for row in ours]
    targets += [at_most(1e6 / TRY, row, unit=UNIT, tail=", tried for") for row in ours]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=targets,
        remarks=[
            f"{MUST:,} connections per CPU second are {1e6 / MUST:.0f} µs each.",
            "The yardstick accepts, and answers the handshake and the first message unread.",
            "The peers check no token, and subscribe where they have channels at all.",
        ],
    )


def measure_connections(scale: Scale) -> list[Row]:
    """Return a row for each subject, measured in turns."""
    arenas: list[Arena] = []
    absent = []
    with ExitStack() as stack:
        for subject in subjects():
            clients = scale.clients(SLOW_CLIENTS if subject.slow else CLIENTS)
            say(f"{clients:,} clients: {subject.name}")
            try:
                running = stack.enter_context(subject.start(clients))
            except (NotHere, DidNotStart) as problem:
                absent.append(row_of(subject, setting="connection", problem=problem))
                continue
            swarm = stack.enter_context(RemoteSwarm(running.door, sampled=0))
            swarm.prepare(clients)
            arenas.append(Arena(subject, running, swarm, clients))
        for _ in range(scale.rounds + 1):
            for arena in arenas:
                arena.values.append(cost_of_one(arena))
    measured = [
        row_of(
            arena.subject,
            setting="connection",
            values=arena.values[1:],
            proof=f"{arena.clients:,} open at the same time",
        )
        for arena in arenas
    ]
    return measured + absent


def subjects() -> list[Subject]:
    bare = Subject(f"sockets alone, in {kernel.language()}", Role.YARDSTICK, run_bare)
    fast = [each for each in peers.all_peers() if each.name not in TOO_SLOW]
    return [bare, hark.gateway("plain:{n}"), hark.gateway("kept:{n}", HISTORY), *fast]


HISTORY = "Hark gateway, history on"
TOO_SLOW = {"django-eventstream"}  # its clients' streams end too late to begin the next round


def cost_of_one(arena: Arena) -> float:
    before = arena.running.cpu_seconds()
    arena.swarm.open(arena.clients)
    used = arena.running.cpu_seconds() - before
    arena.swarm.close_clients()
    time.sleep(0.5)  # the server clears up outside of what is measured
    return 1e6 * used / arena.clients


@contextmanager
def run_bare(_clients: int) -> Iterator[Running]:
    with kernel.run_answers(ANSWERS, _DOOR) as running:
        yield running


def measure_call(name: str, role: Role, call: Callable[[str], object], scale: Scale) -> Row:
    """Return what `call` takes of this process for a token."""
    tokens = [make_place(_DOOR, number).token for number in range(TOKENS)]
    values = []
    for _ in range(scale.rounds):
        before = time.process_time()
        for token in tokens:
            call(token)
        values.append(1e6 * (time.process_time() - before) / TOKENS)
    proof = f"{TOKENS:,} different tokens accepted"
    return Row(subject=name, role=role, setting="of which", values=tuple(values), proof=proof)


def decode_by_library(token: str) -> object:
    return jwt.decode(token, hark.SECRET, algorithms=["HS256"])


def make_verify() -> Callable[[str], object]:
    """Return the gateway's own check of a connection token."""
    verifier = Verifier(TokenOptions(hmac_secret_key=hark.SECRET))
    now = time.time()
    return lambda token: verifier.connection(token, now=now)


CASE = Case("storm", QUESTION, run, plotted=True)
