"""Fairness: how long a stranger waits while one client asks for as much as it may."""

import http.client
import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jwt
from websockets.sync.client import connect

from bench.case import Case, Scale, say
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, pubnub
from bench.subjects.running import Api

QUESTION = "How long does a stranger wait, 99 times of 100, while one client asks for very much?"
UNIT = "milliseconds"
SECONDS = 4.0
PAUSE = 0.004
"""Seconds between the stranger's calls."""
P99 = 20.0
POLLS = 1500
MESSAGE = {"text": "lorem ipsum dolor " * 1800}
"""Of nearly the 32 KiB that a message may take."""

Load = Callable[[int], Iterator[Any]]
"""Prepares, and yields; whatever follows is what one client asks for, again and again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to ask for much."""

    name: str
    load: Load


def run(scale: Scale) -> Table:
    rows = [measure(kind, scale) for kind in KINDS]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=rows,
        targets=[at_most(P99, row, unit=UNIT) for row in rows if row.role is Role.OURS],
        remarks=[
            "The stranger keeps a connection and asks for /health every few milliseconds.",
            "The yardstick is the same without any load: what the machine itself costs.",
        ],
    )


def measure(kind: Kind, scale: Scale) -> Row:
    """Return the 99th percentile of each round."""
    say(kind.name)
    values = []
    calls = 0
    for _ in range(min(scale.rounds, 3)):
        with (
            pubnub.run_gateway(1, 1, guarded=False, hold_time="55s") as running,
            loaded(kind.load, running.door.port),
        ):
            waits = probe(running.door.port, SECONDS / (4 if scale.quick else 1))
        calls += len(waits)
        values.append(1000 * statistics.quantiles(waits, n=100)[98])
    role = Role.YARDSTICK if kind.load is nothing else Role.OURS
    proof = f"{calls:,} calls answered"
    return Row(
        subject="Hark gateway", role=role, setting=kind.name, values=tuple(values), proof=proof
    )


def probe(port: int, seconds: float) -> list[float]:
    """Call as a stranger does, and return how long each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    waits = []
    ends = time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"{}"
        waits.append(time.monotonic() - began)
        time.sleep(PAUSE)
    connection.close()
    return waits


@contextmanager
def loaded(load: Load, port: int) -> Iterator[None]:
    """Have a process of its own ask for very much."""
    ready = multiprocessing.Event()
    process = multiprocessing.Process(target=press, args=(load, port, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(60):
            raise TimeoutError(f"{load.__name__} did not begin")
        yield
    finally:
        process.kill()
        process.join()


def press(load: Load, port: int, ready: Any) -> None:
    for number, _ in enumerate(load(port)):
        if number == 1:
            ready.set()


def nothing(_port: int) -> Iterator[None]:
    """Leave the machine to the stranger."""
    while True:
        yield
        time.sleep(0.1)


def filters(port: int) -> Iterator[None]:
    """Hold very many polls, each with a filter of its own, and publish long messages."""
    polls = []
    for number in range(POLLS):
        expression = quote(f"data.text like '*{number}*x*' || data.text like '*dolor {number}*'")
        path = f"/v2/subscribe/sub/room/0?tt=1&filter-expr={expression}"
        polls.append(socket.create_connection(("127.0.0.1", port)))
        polls[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    api = Api(port, pubnub.JSON)
    while True:
        api.post("/publish/pub/sub/0/room/0", json.dumps(MESSAGE).encode())
        yield
        time.sleep(0.2)


def commands(port: int) -> Iterator[None]:
    """Send messages that are full of commands."""
    token = jwt.encode({"sub": "eve"}, hark.SECRET, algorithm="HS256")
    message = "\n".join(f'{{"id":{n},"history":{{"channel":"kept:1"}}}}' for n in range(2, 1500))
    with connect(f"ws://127.0.0.1:{port}/connection/websocket", max_size=None) as client:
        client.send(json.dumps({"id": 1, "connect": {"token": token}}))
        while True:
            client.send(message)
            for _ in range(2):
                client.recv()
            yield


def requests(port: int) -> Iterator[None]:
    """Send very many small requests in one go."""
    packet = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 5000
    client = socket.create_connection(("127.0.0.1", port))
    while True:
        client.sendall(packet)
        received = 0
        while received < 5000:
            received += client.recv(1 << 20).count(b"{}")
        yield


def calls(method: str, body: Callable[[int], bytes]) -> Load:
    """Return a load of calls of the server API."""

    def load(port: int) -> Iterator[None]:
        api = Api(port, hark.HEADERS)
        for number in range(1 << 30):
            api.post(f"/api/{method}", body(number))
            yield

    load.__name__ = method
    return load


def batch(_number: int) -> bytes:
    return hark.batch_body((f"kept:{n}", b"1") for n in range(10_000))


def broadcast(_number: int) -> bytes:
    return hark.broadcast_body([f"kept:{n}" for n in range(10_000)], b"1")


def gets(*paths: str) -> Load:
    """Return a load of requests of a PubNub client on five hundred channels with messages."""

    def load(port: int) -> Iterator[None]:
        api = Api(port, hark.HEADERS)
        for _ in range(20):
            names = [f"kept:{n}" for n in range(500)]
            api.post("/api/broadcast", hark.broadcast_body(names, json.dumps("x" * 500).encode()))
        channels = ",".join(f"kept.{n}" for n in range(500))
        client = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            for path in paths:
                client.request("GET", path.format(channels))
                client.getresponse().read()
            yield

    load.__name__ = paths[0]
    return load


KINDS = (
    Kind("no load", nothing),
    Kind(f"{POLLS:,} polls with filters of their own", filters),
    Kind("1,500 commands in one message", commands),
    Kind("5,000 requests in one go", requests),
    Kind("a batch of 10,000 publications", calls("batch", batch)),
    Kind("a broadcast to 10,000 channels", calls("broadcast", broadcast)),
    Kind("history of 500 channels", gets("/v3/history/sub-key/sub/channel/{}")),
    Kind(
        "presence on 500 channels",
        gets(
            "/v2/presence/sub-key/sub/channel/{}/heartbeat?uuid=eve",
            "/v2/presence/sub-key/sub/channel/{}?uuid=eve",
        ),
    ),
)
CASE = Case("fairness", QUESTION, run)
