"""What will go wrong and when: drawn from the seed before anything starts."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PROCESSES = ("web", "relay", "standby", "gateway", "postgres")
LINKS = ("screens-gateway", "relay-gateway", "web-postgres", "relay-postgres")

LONGEST_OUTAGE = 3.0
"""Seconds that a fault lasts, at most."""


class Kind(StrEnum):
    KILL = "kill"
    CUT = "cut"
    JAM = "jam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run.

    Attributes:
        people: How many; about one in ten has three devices, one in five comes and goes.
        comments: Written over REST and acknowledged; more come by transactions of their own.
        seconds: Over which the comments and the faults are spread.
        faults: How often each process is killed, and each link cut or jammed.
    """

    seed: int
    people: int = 200
    comments: int = 5000
    seconds: float = 600.0
    faults: int = 5


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
    slot = options.seconds / options.faults
    for number in range(options.faults):
        lasting = rng.uniform(0.1, min(LONGEST_OUTAGE, slot / 3))
        kind = Kind.KILL if target in PROCESSES else rng.choice([Kind.CUT, Kind.JAM])
        at = number * slot + rng.uniform(0, slot - lasting)
        yield Fault(at=at, kind=kind, target=target, lasting=lasting)
