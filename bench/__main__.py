"""Run the benchmarks: `python -m bench --help`."""

import argparse
import dataclasses
import datetime
import signal
import sys
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
The peers are installed into .data/bench/peers on the first run. All traffic is on 127.0.0.1, and
whatever is started here ends with this command.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every case ran and met its targets, else 1."""
    options = _parse(arguments)
    if options.list:
        for case in CASES:
            print(f"{case.name:16} {case.question}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    if allow_open_files() < NEEDED_FILES:
        print(f"bench: a process may open too few files; {NEEDED_FILES:,} are needed (ulimit -Hn)")
        return 1
    tables = [_run(case, Scale(quick=options.quick)) for case in _chosen(options.cases)]
    if not options.quick:
        report.write_results(tables)
        plots.draw([table for table in tables if _is_plotted(table)])
        report.update_docs(table.case for table in tables)
    return 0 if all(target.reached for table in tables for target in table.targets) else 1


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


def _chosen(names: Sequence[str]) -> list[Case]:
    return [case for case in CASES if not names or case.name in names]


def _run(case: Case, scale: Scale) -> Table:
    say(f"── {case.name}: {case.question}")
    table = dataclasses.replace(
        case.run(scale),
        machine=describe_machine(),
        taken_at=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    print(f"\n## {case.name}\n\n{report.to_markdown(table)}\n", flush=True)
    return table


def _is_plotted(table: Table) -> bool:
    return any(case.plotted for case in CASES if case.name == table.case)


if __name__ == "__main__":
    sys.exit(main())
