"""What a subject looks like to a case: a process, a door for clients, a way to publish."""

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench import meter
from bench.load.dialogues import Door
from bench.processes import ServerProcess
from bench.results import Role

LONGEST_IDLE = 2.0  # seconds; servers close what is idle for longer, uvicorn after 5


class NotHere(Exception):
    """A subject cannot be measured on this machine; the message says why."""


@dataclass(slots=True)
class Running:
    """A subject at work.

    Args:
        processes: Everything whose processor time and memory count.
        door: Where its clients connect.
        publish_all: Sends payloads to all clients, all at once where it can; returns once the
            subject has accepted them. None if it only answers.
    """

    processes: list[ServerProcess]
    door: Door
    publish_all: Callable[[Sequence[bytes]], None] | None = None

    @property
    def pids(self) -> list[int]:
        return [pid for process in self.processes for pid in process.pids]

    def cpu_seconds(self) -> float:
        return meter.cpu_seconds(self.pids)

    def rss_bytes(self) -> int:
        return meter.rss_bytes(self.pids)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure.

    Args:
        start: Starts it for so many clients. Raises NotHere if it cannot be had.
        slow: Gets fewer publications, so that a run ends within minutes.
    """

    name: str
    role: Role
    start: Callable[[int], AbstractContextManager[Running]]
    slow: bool = False


class Api:
    """One HTTP connection, kept alive while it is used."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = dict(headers or {})
        self._used_at = time.monotonic()

    def post(self, path: str, body: bytes) -> bytes:
        """Return the answer's body.

        Raises:
            RuntimeError: It was refused.
        """
        if time.monotonic() > self._used_at + LONGEST_IDLE:
            self._connection.close()  # the next request opens it again
        self._used_at = time.monotonic()
        self._connection.request("POST", path, body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201, 202) or b'"error"' in text:
            raise RuntimeError(f"{path}: {answer.status} {text[:500]!r}")
        return text
