"""What will go wrong and when: drawn from the seed before anything starts."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PROCESSES = ("web", "relay", "standby", "gateway", "postgres")
LINKS = ("screens-gateway", "relay-gateway", "web-postgres", "relay-postgres")


class Kind(StrEnum):
    KILL = "kill"
    HANG = "hang"
    CUT = "cut"
    JAM = "jam"


LONGEST_OUTAGE = 3.0
"""Seconds that a fault lasts, at most."""
SHORTEST_OUTAGE = {Kind.KILL: 0.1, Kind.HANG: 1.5, Kind.CUT: 0.1, Kind.JAM: 0.1}
"""Seconds. A relay that hangs no longer than that would keep its lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run.

    Attributes:
        people: How many; about one in ten has three devices, one in five comes and goes.
        comments: Written over REST and acknowledged; more come by transactions of their own.
        seconds: Over which the comments and the faults are spread.
        faults: How often each process is killed, how often it hangs, and how often each link is
            cut or jammed.
        backend: What screens are told through: `centrifugo` or `pubnub`.
    """

    seed: int
    people: int = 200
    comments: int = 5000
    seconds: float = 600.0
    faults: int = 5
    backend: str = "centrifugo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; `at` and `lasting` are seconds."""

    at: float
    kind: Kind
    target: str
    lasting: float


def faults(options: Options) -> list[Fault]:
    """Draw every fault of a run, in the order of time; the same for the same options."""
    rng = random.Random(f"faults {options.seed}")
    drawn = [fault for target in (*PROCESSES, *LINKS) for fault in _of(target, options, rng)]
    return sorted(drawn, key=lambda fault: fault.at)


def _of(target: str, options: Options, rng: random.Random) -> Iterator[Fault]:
    """Draw one target's faults, a slot of time for each, so that they do not overlap."""
    if target in PROCESSES:
        kinds = [Kind.KILL, Kind.HANG] * options.faults
        rng.shuffle(kinds)
    else:
        kinds = rng.choices([Kind.CUT, Kind.JAM], k=options.faults)
    slot = options.seconds / len(kinds)
    for number, kind in enumerate(kinds):
        lasting = min(rng.uniform(SHORTEST_OUTAGE[kind], LONGEST_OUTAGE), slot / 2)
        at = number * slot + rng.uniform(0, slot - lasting)
        yield Fault(at=at, kind=kind, target=target, lasting=lasting)
