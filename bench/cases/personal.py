"""Personal channels: everyone has their own, and one call reaches 500 of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bench.case import Case, Scale, Scene, measure_in_turn
from bench.processes import free_port
from bench.results import Role, Table, at_least
from bench.subjects import hark, kernel
from bench.subjects.running import Api, Running, Subject

QUESTION = "How many people can be told something, each on their own channel, per CPU second?"
USERS = 10_000
PER_CALL = 500
ROUNDS_OF_ALL = 4  # publications to everyone, per round


def run(scale: Scale) -> Table:
    users = scale.clients(USERS)
    rows = measure_in_turn(
        [
            kernel.send_loop(),
            subject("Hark gateway, broadcast", "plain", "broadcast"),
            subject("Hark gateway, batch", "plain", "batch"),
            subject("Hark gateway, broadcast, history on", "kept", "broadcast"),
            subject("Hark gateway, batch, history on", "kept", "batch"),
        ],
        users,
        measure,
        rounds=scale.rounds,
        setting=f"{users:,} users, {PER_CALL} per call",
    )
    ours = [row for row in rows if row.role is Role.OURS]
    unit = "deliveries per CPU second"
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=unit,
        rows=rows,
        targets=[at_least(60_000, row, unit=unit) for row in ours],
        more_is_better=True,
    )


def subject(name: str, namespace: str, method: str) -> Subject:
    return Subject(name, Role.OURS, partial(run_gateway, namespace, method))


def measure(scene: Scene) -> float:
    return 1 / scene.deliver(ROUNDS_OF_ALL)


@contextmanager
def run_gateway(namespace: str, method: str, users: int) -> Iterator[Running]:
    port = free_port()
    with hark.start_gateway(port) as server:
        api = Api(port, hark.HEADERS)
        publish = partial(publish_to_everyone, api, namespace, method, users)
        yield Running([server], hark.door(port, namespace + ":{n}"), publish)


def publish_to_everyone(
    api: Api, namespace: str, method: str, users: int, payloads: Sequence[bytes]
) -> None:
    """Publish each payload to the channels of all users, `PER_CALL` channels a call."""
    for payload in payloads:
        for first in range(0, users, PER_CALL):
            numbers = range(first, min(first + PER_CALL, users))
            channels = [f"{namespace}:{number}" for number in numbers]
            if method == "broadcast":
                body = hark.broadcast_body(channels, payload)
            else:
                body = hark.batch_body((channel, payload) for channel in channels)
            api.post(f"/api/{method}", body)


CASE = Case("personal", QUESTION, run, plotted=True)
