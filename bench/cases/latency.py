"""Latency: from the API call to the client, at a steady rate."""

import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from bench.case import Case, NotDelivered, Scale, say
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.processes import ServerProcess, free_port
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, kernel

QUESTION = "How long after the API call does a client hear of it, at 10,000 deliveries per second?"
UNIT = "milliseconds"
CLIENTS = 1_000
DELIVERIES_PER_SECOND = 10_000
SECONDS = 5
CONNECTIONS = 8
P50, P99 = 2.0, 10.0


Publish = Callable[[int, bytes], None]
"""Publishes a payload to the channel of a number, and does not wait."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the clients share channels."""

    channels: int

    @property
    def clients_each(self) -> int:
        return CLIENTS // self.channels

    @property
    def calls_per_second(self) -> int:
        return DELIVERIES_PER_SECOND // self.clients_each

    def __str__(self) -> str:
        if self.channels == 1:
            return f"one channel of {CLIENTS:,}"
        return f"{self.channels} channels of {self.clients_each}"


MANY, ONE = Shape(100), Shape(1)


def run(scale: Scale) -> Table:
    rows, ours = [], []
    rounds = min(scale.rounds, 3)
    for shape in (MANY, ONE):
        ours += summarise("Hark gateway", Role.OURS, shape, measure(run_gateway, shape, rounds))
        yardstick = kernel.send_loop()
        rounds_of_ages = measure(run_send_loop, shape, rounds)
        rows += summarise(yardstick.name, yardstick.role, shape, rounds_of_ages)
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=sorted([*ours, *rows], key=lambda row: row.setting, reverse=True),
        targets=[
            at_most(limit, row, unit=UNIT) for limit, row in zip((P50, P99), ours, strict=False)
        ],
        remarks=[
            "Calls are sent when they are due, whether or not the last one was answered.",
            "Wall-clock time: the load client, busier than the server, shares its cores.",
            "The yardstick is told by a pipe instead of HTTP.",
            "In one channel of 1,000 the last one waits for 999 send() calls, whoever makes them.",
        ],
    )


def measure(start: "Start", shape: Shape, rounds: int) -> list[list[int]]:
    """Return the ages of all deliveries in ns, for each round; one to warm up is left out."""
    with ExitStack() as stack:
        swarm, publish = start(stack, shape)
        return [one_round(shape, swarm, publish, turn) for turn in range(rounds + 1)][1:]


def run_gateway(stack: ExitStack, shape: Shape) -> tuple[RemoteSwarm, Publish]:
    say(f"Hark gateway, {shape}")
    port = free_port()
    stack.enter_context(hark.start_gateway(port))
    door = hark.door(port, "kept:{n}", channels=shape.channels)
    swarm = stack.enter_context(RemoteSwarm(door, track=True))
    swarm.open(CLIENTS)
    return swarm, Pipelines(port, stack).publish


def run_send_loop(stack: ExitStack, shape: Shape) -> tuple[RemoteSwarm, Publish]:
    say(f"send() loop, {shape}")
    running = stack.enter_context(kernel.run_send_loop(CLIENTS))
    swarm = stack.enter_context(RemoteSwarm(running.door, track=True))
    swarm.open(CLIENTS)
    server: ServerProcess = running.processes[0]
    each = shape.clients_each
    return swarm, lambda channel, text: server.write(b"%d %d %b\n" % (channel * each, each, text))


Start = Callable[[ExitStack, Shape], tuple[RemoteSwarm, Publish]]


def one_round(shape: Shape, swarm: RemoteSwarm, publish: Publish, turn: int) -> list[int]:
    """Publish at the steady rate for `SECONDS`; return the age of every delivery, in ns.

    Raises:
        NotDelivered: One is missing, or came twice.
    """
    calls = shape.calls_per_second * SECONDS
    each = calls // shape.channels  # publications in each channel
    began = time.monotonic()
    for call in range(calls):
        pause = began + call / shape.calls_per_second - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        number, channel = divmod(call, shape.channels)
        publish(channel, make_payload(turn * each + number))
    heard = swarm.wait_for((turn + 1) * each)
    ages = swarm.take_ages()
    if heard.repeats or heard.least != heard.most or len(ages) != each * CLIENTS:
        raise NotDelivered(f"{each} each were due in this round; {heard}")
    return ages


def summarise(name: str, role: Role, shape: Shape, rounds: list[list[int]]) -> list[Row]:
    """Return a row for the median and one for the 99th percentile, in ms."""
    percentiles = [statistics.quantiles(ages, n=100) for ages in rounds]
    proof = f"{len(rounds[0]):,} of {len(rounds[0]):,} in each round"
    return [
        Row(
            subject=name,
            role=role,
            setting=f"{shape}: {label}",
            values=tuple(found[place - 1] / 1e6 for found in percentiles),
            proof=proof,
        )
        for label, place in (("p50", 50), ("p99", 99))
    ]


class Pipelines:
    """Some HTTP connections that take a call each in turn, the last one answered or not."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(CONNECTIONS)
        ]
        for each in self._connections:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = "".join(f"{name}: {value}\r\n" for name, value in hark.HEADERS.items())
        self._head = f"POST /api/publish HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}".encode()
        self._next = 0

    def publish(self, channel: int, payload: bytes) -> None:
        connection = self._connections[self._next]
        self._next = (self._next + 1) % CONNECTIONS
        with suppress(BlockingIOError):  # answers are not waited for: deliveries are the proof
            connection.recv(65_536, socket.MSG_DONTWAIT)
        body = hark.publish_body(f"kept:{channel}", payload)
        connection.sendall(self._head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


CASE = Case("latency", QUESTION, run)
