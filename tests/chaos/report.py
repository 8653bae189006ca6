"""A result in words: for the terminal, and for docs/chaos.md."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.machine import describe_machine
from tests.chaos.plan import LINKS, PROCESSES, Options
from tests.chaos.run import Result

EXAMPLES = 5
"""How many faults of a kind to spell out."""


def command(options: Options) -> str:
    """Return how to do the same again."""
    return (
        f"python -m tests.chaos --seed {options.seed} --people {options.people} "
        f"--comments {options.comments} --seconds {options.seconds:g} --faults {options.faults} "
        f"--backend {options.backend}"
    )


def table(options: Options, result: Result) -> str:
    """Return everything as a Markdown table, which is legible as it is."""
    rows = list(figures(options, result))
    width = max(len(label) for label, _ in rows)
    lines = [f"| {label:<{width}} | {value} |" for label, value in rows]
    return "\n".join([f"| {'':<{width}} | |", f"|{'-' * (width + 2)}|---|", *lines])


def figures(options: Options, result: Result) -> Iterator[tuple[str, str]]:
    verdict = result.verdict
    yield "committed", f"{verdict.committed:,} comments that somebody was to be told of"
    yield "rolled back", f"{verdict.rolled_back:,}"
    yield "of unknown outcome", f"{verdict.unknown:,}: the writer was cut off, and tried again"
    yield "taken back", f"{verdict.withdrawn:,}"
    yield "corrected", f"{verdict.amended:,}"
    yield "shown", f"{verdict.shown:,}"
    yield "**lost**", f"**{len(verdict.lost)}**"
    yield "**shown twice**", f"**{len(verdict.twice)}**"
    yield "**phantom**", f"**{len(verdict.phantom)}**"
    yield "**out of order**", f"**{len(verdict.disordered)}**"
    yield "**differing in the end**", f"**{len(verdict.differing)}**"
    yield "commit to screen, median", duration(verdict.median)
    yield "commit to screen, 99 of 100 within", duration(verdict.slow)
    yield "commit to screen, longest", duration(verdict.longest)
    yield "until every screen was right again", duration(result.seconds_to_rest)
    yield (
        "people",
        f"{options.people}, on {result.devices} devices that came back {result.comings} times",
    )
    happened = Counter((fault.target, fault.kind.value) for fault in result.faults)
    for target in (*PROCESSES, *LINKS):
        kinds = [f"{kind}: {count}" for (name, kind), count in happened.items() if name == target]
        yield target, ", ".join(kinds)
    yield "silent relays replaced", str(result.takeovers)
    yield "inboxes read afresh", str(result.restarts)
    yield "pushes behind a newer one", str(result.behind)
    yield "items filled in below newer ones", f"{verdict.filled_in:,}"
    yield "backend", options.backend
    yield "seed", str(options.seed)
    yield from describe_machine().items()


def complaints(result: Result) -> Iterator[str]:
    """Yield what went wrong, the first few of each kind."""
    verdict = result.verdict
    kinds: dict[str, Sequence[str]] = {
        "lost": verdict.lost,
        "shown twice": verdict.twice,
        "phantom": verdict.phantom,
        "out of order": verdict.disordered,
        "differing": verdict.differing,
    }
    for kind, faults in kinds.items():
        for fault in faults[:EXAMPLES]:
            yield f"{kind}: {fault}"
        if len(faults) > EXAMPLES:
            yield f"{kind}: … and {len(faults) - EXAMPLES} more"


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
