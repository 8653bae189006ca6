"""Bursts: what is published at the same moment should leave in one write to each subscriber."""

from bench.case import Case, Scale, Scene, measure_in_turn
from bench.results import Role, Table, Target
from bench.subjects import hark, kernel, peers
from bench.subjects.running import Subject

BURST = 100
CLIENTS = 1_000
QUESTION = "How many send() calls does a delivery take when 100 publications come at once?"
CPU_QUESTION = "What does a delivery cost the server when 100 publications come at once?"


def run(scale: Scale) -> Table:
    clients = scale.clients(CLIENTS)
    setting = f"{BURST} publications to {clients:,} subscribers"
    rows = measure_in_turn(
        subjects(), clients, calls_per_delivery, rounds=scale.rounds, setting=setting
    )
    targets = [
        Target(
            text="fewer send() calls than deliveries",
            found=f"{row.median:.2f} per delivery",
            reached=row.median < 1,
        )
        for row in rows
        if row.role is Role.OURS
    ]
    return Table(
        case=CASE.name,
        question=QUESTION,
        unit="send() calls per delivery",
        rows=rows,
        targets=targets,
        remarks=[
            "Counted as the TCP segments that the clients' kernel received: one for each send().",
            "Hark gets a burst as one batch call; the others get all of it at once too.",
        ],
    )


def run_cpu(scale: Scale) -> Table:
    clients = scale.clients(CLIENTS)
    setting = f"{BURST} publications to {clients:,} subscribers"
    rows = measure_in_turn(subjects(), clients, cost, rounds=scale.rounds, setting=setting)
    unit = "µs of server CPU per delivery"
    return Table(case=CPU_CASE.name, question=CPU_QUESTION, unit=unit, rows=rows)


def subjects() -> list[Subject]:
    return [
        kernel.send_loop(),
        hark.gateway(),
        *(each for each in peers.all_peers() if not each.slow),
    ]


def calls_per_delivery(scene: Scene) -> float:
    before = scene.swarm.segments()
    scene.deliver(BURST, at_once=BURST)
    return (scene.swarm.segments() - before) / (BURST * scene.swarm.size)


def cost(scene: Scene) -> float:
    return 1e6 * scene.deliver(BURST, at_once=BURST)


CASE = Case("bursts", QUESTION, run)
CPU_CASE = Case("bursts-cpu", CPU_QUESTION, run_cpu)
