"""Run the benchmarks: `python -m bench --help`."""

import argparse
import dataclasses
import datetime
import signal
import sys
import traceback
from collections.abc import Sequence

from bench import plots, report
from bench.case import Case, Scale, say
from bench.cases import CASES
from bench.machine import allow_open_files, describe_machine
from bench.results import Table

NEEDED_FILES = 16_000  # the largest case holds 15,000 sockets in one process

DESCRIPTION = """\
Measure Hark, each figure beside its yardstick in the same run.

Tables go to the terminal as Markdown, and to bench/results/ and docs/ unless --quick is given.
The peers are installed below .data/bench on the first run. A peer that is not to be had here (nginx
with nchan, Centrifugo, a package without network) has a row that says why; without a C compiler the
send() loop is in Python, as its name says. pgbench comes with PostgreSQL, a Python package here.
All traffic is on 127.0.0.1, and whatever is started here ends with this command.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every case ran and all that was published arrived, else 1.

    A target that was missed is shown, and is no failure: the machine may be another, or busy.
    """
    options = _parse(arguments)
    if options.list:
        for case in CASES:
            print(f"{case.name:16} {case.question}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    if allow_open_files() < NEEDED_FILES:
        print(f"bench: a process may open too few files; {NEEDED_FILES:,} are needed (ulimit -Hn)")
        return 1
    failed = [
        case.name
        for case in CASES
        if case.name in (options.cases or [case.name])
        and not _succeeds(case, Scale(quick=options.quick))
    ]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m bench",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [case.name for case in CASES]
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help=f"run only these: {', '.join(names)}"
    )
    parser.add_argument("--list", action="store_true", help="list the cases and their questions")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the clients, two rounds; keeps no results"
    )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.cases) - set(names))
    if unknown:
        parser.error(f"no case is called {', '.join(unknown)}; --list names them")
    return options


def _succeeds(case: Case, scale: Scale) -> bool:
    """Run `case`, show and keep what it found; return whether it ran to its end."""
    try:
        table = _run(case, scale)
    except Exception:
        traceback.print_exc()
        return False
    print(f"\n## {case.name}\n\n{report.to_markdown(table)}\n", flush=True)
    if not scale.quick:
        report.write_results(table)
        if case.plotted:
            plots.draw(table)
        report.update_docs(case.name)
    return True


def _run(case: Case, scale: Scale) -> Table:
    say(f"── {case.name}: {case.question}")
    return dataclasses.replace(
        case.run(scale),
        machine=describe_machine(),
        taken_at=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


if __name__ == "__main__":
    sys.exit(main())
