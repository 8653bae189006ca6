"""Recovery: after an interruption everyone must be current again, and soon."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from bench.case import Case, NotDelivered, Scale, say
from bench.cases.storm import ANSWERS
from bench.load.remote import RemoteSwarm
from bench.payload import make_payload
from bench.processes import ServerProcess, free_port
from bench.results import Role, Row, Table, at_most
from bench.subjects import hark, kernel
from bench.subjects.running import Api

QUESTION = "How long until all clients are current again, each with 10 publications that it missed?"
UNIT = "seconds"
CLIENTS = 10_000
MISSED = 10
PER_CALL = 500
NAMESPACE = "kept"
LIMIT = 10.0


class Scene:
    """A gateway, and clients that come back, each on a channel of its own."""

    def __init__(self, stack: ExitStack, clients: int) -> None:
        self.port = free_port()
        self.clients = clients
        self.server = hark.start_gateway(self.port)
        stack.callback(self.stop)
        door = hark.door(self.port, NAMESPACE + ":{n}")
        self.swarm = stack.enter_context(RemoteSwarm(door, track=True, returns=True))
        self.swarm.prepare(clients)
        self.swarm.open(clients)
        self.publish(1, first=0)
        self.swarm.wait_for(1)

    def stop(self) -> None:
        self.server.close()

    def publish(self, count: int, *, first: int) -> None:
        """Publish to everyone, as the relay does: many channels in one call."""
        api = Api(self.port, hark.HEADERS)
        for number in range(first, first + count):
            payload = make_payload(number)
            for begin in range(0, self.clients, PER_CALL):
                numbers = range(begin, min(begin + PER_CALL, self.clients))
                channels = [f"{NAMESPACE}:{number}" for number in numbers]
                api.post("/api/broadcast", hark.broadcast_body(channels, payload))

    def interrupt(self, end: Callable[[ServerProcess], None]) -> float:
        """End the gateway, start it again, publish what was due; return the seconds it took."""
        end(self.server)
        self.server = hark.start_gateway(self.port)
        began = time.monotonic()
        self.publish(MISSED, first=1)
        self.swarm.wait_for(1 + MISSED)
        return time.monotonic() - began

    def cut(self) -> float:
        """Cut everyone off, publish, let them come back; return the seconds that took."""
        self.swarm.cut()
        self.publish(MISSED, first=1)
        began = time.monotonic()
        self.swarm.come_back()
        self.swarm.wait_for(1 + MISSED)
        if self.swarm.recovered() != self.clients:
            raise NotDelivered(f"only {self.swarm.recovered():,} recovered from the stream")
        return time.monotonic() - began

    def prove(self) -> str:
        """Return in words what arrived.

        Raises:
            NotDelivered: Something was lost, or came twice where it must not.
        """
        heard = self.swarm.settle(0.2)
        if not heard.least == heard.most == 1 + MISSED:
            raise NotDelivered(f"{1 + MISSED} were due, {heard.least} to {heard.most} came")
        again = f", {heard.repeats:,} of them in both history and push" if heard.repeats else ""
        return f"{MISSED * self.clients:,} of {MISSED * self.clients:,} missed publications{again}"


WAYS: dict[str, Callable[[Scene], float]] = {
    "clients cut off, gateway up": Scene.cut,
    "gateway restarted (SIGTERM)": lambda scene: scene.interrupt(ServerProcess.close),
    "gateway killed (SIGKILL)": lambda scene: scene.interrupt(ServerProcess.kill),
}


def run(scale: Scale) -> Table:
    clients = scale.clients(CLIENTS)
    rows = []
    for way, interrupt in WAYS.items():
        values, proof = [], ""
        for turn in range(min(scale.rounds, 3)):
            say(f"{clients:,} clients, {way}, round {turn + 1}")
            with ExitStack() as stack:
                scene = Scene(stack, clients)
                values.append(interrupt(scene))
                proof = scene.prove()
        rows.append(
            Row(
                subject="Hark gateway",
                role=Role.OURS,
                setting=way,
                values=tuple(values),
                proof=proof,
            )
        )
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit=UNIT,
        rows=[*rows, measure_load_client(clients, scale)],
        targets=[at_most(LIMIT, row, unit=UNIT) for row in rows],
        remarks=[
            "Counted from the moment the gateway listens again, or clients may come back.",
            "Clients of a gateway that ended come back with the pauses of the JavaScript SDK.",
            "They hear that their position is void, and read the history of the new stream.",
            "The yardstick is the load client against canned answers: it bounds what can be seen.",
        ],
    )


def measure_load_client(clients: int, scale: Scale) -> Row:
    """Return how long the clients themselves need to connect."""
    values = []
    with ExitStack() as stack:
        door = hark.door(0, NAMESPACE + ":{n}")
        running = stack.enter_context(kernel.run_answers(ANSWERS, door))
        swarm = stack.enter_context(RemoteSwarm(running.door, sampled=0))
        swarm.prepare(clients)
        for _ in range(min(scale.rounds, 3)):
            values.append(swarm.open(clients))
            swarm.close_clients()
    return Row(
        subject=f"load client and sockets in {kernel.language()}",
        role=Role.YARDSTICK,
        setting="clients cut off, gateway up",
        values=tuple(values),
        proof=f"{clients:,} open",
    )


CASE = Case("recovery", QUESTION, run)
