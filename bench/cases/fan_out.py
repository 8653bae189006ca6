"""Fan-out: what one delivery costs the server's processor, beside the kernel's own price."""

from bench.case import Case, Scale, Scene, measure_in_turn
from bench.results import Role, Row, Table, Target, at_most_times
from bench.subjects import hark, kernel, peers
from bench.subjects.running import Subject

QUESTION = "What does it cost the server to deliver 200 bytes to one more subscriber of a channel?"
DELIVERIES = 15_000  # per round: short ones, and many, meet the same noise as their neighbours
SLOW_DELIVERIES = 2_000
ROUNDS = 4  # for each round of other cases
MOST_FOR_SLOW = 1_000  # clients; beyond, a slow subject would take minutes and tell nothing new


def run(scale: Scale) -> Table:
    rows: list[Row] = []
    for full in (1_000, 5_000, 15_000):
        clients = scale.clients(full)
        setting = f"{clients:,} subscribers"
        rows += measure_in_turn(
            subjects(full), clients, measure, rounds=ROUNDS * scale.rounds, setting=setting
        )
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit="µs of server CPU per delivery",
        rows=rows,
        targets=targets(rows),
        remarks=["Django Channels with Redis counts the processor time of Redis too."],
    )


def subjects(clients: int) -> list[Subject]:
    kept = hark.gateway("kept:all", "Hark gateway, history and recovery on")
    found = [kernel.send_loop(), hark.gateway(), kept]
    return found + [each for each in peers.all_peers() if clients <= MOST_FOR_SLOW or not each.slow]


def measure(scene: Scene) -> float:
    deliveries = SLOW_DELIVERIES if scene.subject.slow else DELIVERIES
    return 1e6 * scene.deliver(max(1, deliveries // scene.swarm.size))


def targets(rows: list[Row]) -> list[Target]:
    """Return how each row of ours stands to the send() loop in the same setting."""
    loops = {row.setting: row for row in rows if row.role is Role.YARDSTICK}
    return [at_most_times(1.25, row, loops[row.setting]) for row in rows if row.role is Role.OURS]


CASE = Case("fan-out", QUESTION, run, plotted=True)
