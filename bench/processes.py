"""Processes that the benchmarks start: each ends with the benchmark, however that ends."""

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bench import meter

LOGS = Path(__file__).resolve().parent.parent / ".data" / "bench" / "logs"
_PR_SET_PDEATHSIG = 1


class DidNotStart(Exception):
    """A process that was to be measured ended, or did not listen in time."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log

    def __str__(self) -> str:
        last = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        return f"{self.name} did not start. Its log, {self.log}, ends:\n{last}"


class ServerProcess:
    """One process under test, or one that it needs.

    Args:
        name: Its log file is named after it.
        command: Program and arguments.
        port: Where it will listen on 127.0.0.1; the constructor returns once it does.
        environment: Its whole environment.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, environment: Mapping[str, str]
    ) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = port
        self._log = LOGS / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (we have one thread)
            )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        return meter.processes_of(self._process.pid)

    def write(self, data: bytes) -> None:
        """Write to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def close(self, seconds: float = 10) -> None:
        """End it politely, and after `seconds` not so politely."""
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _wait_until_it_listens(self, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(self.name, self._log)
            time.sleep(0.01)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
