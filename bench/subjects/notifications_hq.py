"""django-notifications-hq, in a process of its own with the newest Django that it runs on."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from bench.processes import LOGS
from bench.results import Role, Row
from bench.subjects.peers import python_with
from bench.subjects.running import NotHere

_SCRIPT = Path(__file__).parent / "peer_notifications_hq.py"
_LOG = LOGS / "notifications_hq.log"


class NotificationsHq:
    """Times rounds of `notify.send()`, one whenever it is asked, in turns with ours.

    Where the package cannot be had, rounds do nothing and the row says why.

    Args:
        environment: DATABASE_URL in it tells the PostgreSQL server.
        recipients: How many people one send tells.
        sends: How many are timed in a round; their median counts.
    """

    NAME = "django-notifications-hq"
    WHERE = (
        "It runs on the same PostgreSQL with Django 5.0, the newest it runs on: its model has an "
        "`index_together`, which 5.1 removed."
    )

    def __init__(self, environment: Mapping[str, str], *, recipients: int, sends: int) -> None:
        self._rows = recipients * sends
        self._seconds: list[float] = []
        self._queries = 0
        self._problem = ""
        self._process: subprocess.Popen[str] | None = None
        LOGS.mkdir(parents=True, exist_ok=True)
        try:
            command = [python_with("notifications_hq"), str(_SCRIPT), str(recipients), str(sends)]
            with _LOG.open("w") as log:
                self._process = subprocess.Popen(
                    command, env=dict(environment), text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                )  # fmt: skip
            self._queries = self._answer()
        except NotHere as problem:
            self._problem = str(problem)
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take_round(self) -> None:
        """Send a round.

        Raises:
            NotHere: It ended, which may be for want of a row; its log's last line says why.
        """
        if self._process is not None:
            assert self._process.stdin is not None
            print("round", file=self._process.stdin, flush=True)
            self._seconds.append(self._answer())

    def row(self, figure: Callable[[float], float], *, setting: str = "") -> Row:
        """Return all rounds but the first, which warms up.

        Args:
            figure: Takes the seconds of a send, returns them in the table's unit.
        """
        measured = not self._problem
        return Row(
            subject=self.NAME,
            role=Role.PEER,
            setting=setting,
            values=tuple(map(figure, self._seconds[1:])),
            proof=f"{self._rows:,} rows counted after each round" if measured else "",
            note=f"queries: {self._queries:,}" if measured else self._problem,
        )

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()  # at the end of its input it ends
            self._process = None

    def _answer(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            complaints = _LOG.read_text(errors="replace").split("\n")
            raise NotHere(f"failed: {next(filter(None, reversed(complaints)), 'no reason given')}")
        return json.loads(line)
