"""Unpaused: what a delivery costs when publications come faster than a crowd can be told."""

from bench.case import Case, Scale, Scene, measure_in_turn
from bench.results import Role, Row, Table, Target, at_most_times
from bench.subjects import hark, kernel, peers

PUBLICATIONS = 100
CLIENTS = 5_000
QUESTION = "What does a delivery cost the server when calls to publish follow each other unpaused?"
PEER = "Centrifugo"


def run(scale: Scale) -> Table:
    clients = scale.clients(CLIENTS)
    subjects = [kernel.send_loop(), hark.gateway()]
    subjects += [each for each in peers.all_peers() if each.name == PEER]
    setting = f"{PUBLICATIONS} calls, {clients:,} subscribers"
    rows = measure_in_turn(subjects, clients, measure, rounds=2 * scale.rounds, setting=setting)
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit="µs of server CPU per delivery",
        rows=rows,
        targets=targets(rows),
        remarks=["Each call publishes once, on one connection, as soon as the last is answered."],
    )


def measure(scene: Scene) -> float:
    before = scene.running.cpu_seconds()
    scene.swarm.begin_to_wait(scene.published + PUBLICATIONS)
    for _ in range(PUBLICATIONS):
        scene.publish(1)
    scene.swarm.answer()
    spent = scene.running.cpu_seconds() - before
    return 1e6 * spent / (PUBLICATIONS * scene.swarm.size)


def targets(rows: list[Row]) -> list[Target]:
    """Return how our row stands to the send() loop and to the peer."""
    (ours,) = (row for row in rows if row.role is Role.OURS)
    limits = {Role.YARDSTICK: 1.0, Role.PEER: 0.6}
    return [
        at_most_times(limits[row.role], ours, row)
        for row in rows
        if row.role is not Role.OURS and row.values
    ]


CASE = Case("unpaused", QUESTION, run)
