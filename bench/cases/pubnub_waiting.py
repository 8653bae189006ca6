"""Clients that wait in PubNub's long polls: their memory, and how all their polls end."""

from collections import Counter

from bench.case import Case, NotDelivered, Scale, play, row_of, say
from bench.cases import memory
from bench.load.dialogues import drawn
from bench.results import Role, Row, Table, at_most, at_most_times
from bench.subjects import pubnub
from bench.subjects.running import Subject

MEMORY_QUESTION = "How much of the server's memory does a client keep that waits in a long poll?"
MEMORY_UNIT = "KiB per client"
ENDING_QUESTION = "How many polls that began together end together, when nothing has happened?"
ENDING_UNIT = "polls in the busiest 100 ms"
WAITING = 10_000
HOLD_SECONDS = 20
TENTH = 100_000_000  # ns


def run_memory(scale: Scale) -> Table:
    clients = scale.clients(WAITING)
    bare = Subject("bare asyncio protocol on uvloop", Role.YARDSTICK, memory.run_bare)
    same = pubnub.gateway("Hark gateway, the same 100 channels", channels=100, many=100)
    lots = pubnub.gateway("Hark gateway, 100 of 1,000 channels by lot", channels=1_000, many=100)
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


def run_ending(scale: Scale) -> Table:
    clients = scale.clients(WAITING)
    say(f"{clients:,} polls of {HOLD_SECONDS} s")
    values = [end_together(clients) for _ in range(min(scale.rounds, 2))]
    ours = Row(
        subject="Hark gateway",
        role=Role.OURS,
        values=tuple(values),
        proof=f"{clients:,} answered with nothing, once each",
    )
    # Polls are held for four to five fifths of the time set.
    even = clients / (HOLD_SECONDS / 5 * 10)
    bare = Row(subject="an even spread", role=Role.YARDSTICK, values=(even,) * len(values))
    return Table(
        case=ENDING_CASE.name,
        question=ENDING_QUESTION,
        unit=ENDING_UNIT,
        rows=[bare, ours],
        targets=[at_most_times(3, ours, bare)],
        remarks=["All begin to wait when a publication to all of them has been answered."],
    )


def end_together(clients: int) -> float:
    """Return how many polls ended in the busiest tenth of a second of a round without news.

    Raises:
        NotDelivered: Not every poll was answered once.
    """
    subject = pubnub.gateway(hold_time=f"{HOLD_SECONDS}s")
    with play(subject, clients, track=True) as scene:
        scene.publish(1)
        scene.swarm.wait_for(1)
        scene.swarm.take_ages()
        scene.swarm.settle(HOLD_SECONDS + 1)  # each ends once: the next is 0.8 times as far
        ended = sorted(scene.swarm.take_ages())
    if len(ended) != clients:
        raise NotDelivered(f"{len(ended):,} answers to {clients:,} polls")
    windows = Counter((each - ended[0]) // TENTH for each in ended)
    return float(max(windows.values()))


MEMORY_CASE = Case("pubnub-memory", MEMORY_QUESTION, run_memory)
ENDING_CASE = Case("pubnub-ending", ENDING_QUESTION, run_ending)
