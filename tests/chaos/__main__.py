"""`python -m tests.chaos`: kill everything, and see whether anything is lost."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import uvloop

from bench.machine import allow_open_files
from social.run.processes import DidNotStart
from tests.chaos import report
from tests.chaos.plan import Options
from tests.chaos.run import run


def main() -> int:
    options = parsed()
    allow_open_files()
    folder = Path(tempfile.mkdtemp(prefix="hark-chaos-"))
    say(f"Seed {options.seed}. To repeat: {report.command(options)}")
    try:
        result = uvloop.run(run(options, folder, say))
    except* (DidNotStart, TimeoutError) as problems:
        fail(problems, folder)
    say("\n" + report.table(options, result))
    if result.verdict.holds:
        shutil.rmtree(folder, ignore_errors=True)
        say("\nNothing lost, nothing twice, nothing out of order.")
        return 0
    say("")
    for complaint in report.complaints(result):
        say(complaint)
    say(f"\nThe logs are in {folder}.")
    return 1


def fail(problems: BaseExceptionGroup, folder: Path) -> NoReturn:
    """End: the run itself could not go on."""
    for problem in leaves(problems):
        say(f"hark: {str(problem) or 'it took far too long; something is dead for good'}")
    sys.exit(f"The logs are in {folder}.")


def leaves(group: BaseException) -> Iterator[BaseException]:
    """Yield the errors that a group is made of."""
    if isinstance(group, BaseExceptionGroup):
        for each in group.exceptions:
            yield from leaves(each)
    else:
        yield group


def parsed() -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Kill and stop every process and cut every link at random while people "
        "comment; then compare every screen with the database. Exit status 1 if anything is lost, "
        "shown twice, shown without cause, or out of order.",
    )
    add = partial(parser.add_argument, metavar="N")
    add("--seed", type=at_least(0), help="what all chance is drawn from (default: a new one)")
    add("--people", type=at_least(2), default=200, help="how many (default: 200)")
    add("--comments", type=at_least(1), default=5000, help="over REST, at least (default: 5000)")
    add("--seconds", type=at_least(5), default=600, help="how long it goes on (default: 600)")
    add(
        "--faults",
        type=at_least(1),
        default=5,
        help="kills and hangs of each process, cuts or jams of each link (default: 5)",
    )
    parser.add_argument(
        "--backend",
        choices=["centrifugo", "pubnub"],
        default="centrifugo",
        help="what screens are told through (default: centrifugo)",
    )
    given = vars(parser.parse_args())
    if given["seed"] is None:
        given["seed"] = random.randrange(1_000_000)
    return Options(**given)


def at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"give a whole number from {least}, not {text!r}")
        return int(text)

    return number


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
