"""The processes of the application: started, watched, started again when they die, stopped."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10.0
LONGEST_PAUSE = 30.0
ROOT = Path(__file__).resolve().parent.parent.parent


class DidNotStart(Exception):
    """A process ended, or did not answer in time, before the application was up."""

    def __init__(self, service: "Service", *, seconds: float | None = None) -> None:
        self.service = service
        self.seconds = seconds

    def __str__(self) -> str:
        ending = f"did not answer within {self.seconds:.0f} s" if self.seconds else "ended"
        last = self.service.last_lines(3)
        return f"{self.service.name} {ending}. Its log, {self.service.log}, ends:\n{last}"


@dataclass(eq=False)
class Service:
    """One process of the application.

    Args:
        name: As it is shown to the person at the terminal.
        command: Program and arguments.
        environment: Its whole environment.
        log: The file that takes its output, appended to.
        answers: Returns whether the process does its work by now; called until it says so.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    answers: Callable[[], bool] = lambda: True
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the runner."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_answers(self, seconds: float) -> None:
        """Return once the process does its work.

        Raises:
            DidNotStart: It ended, or `seconds` went by.
        """
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self.has_ended():
                raise DidNotStart(self)
            if time.monotonic() > deadline:
                raise DidNotStart(self, seconds=seconds)
            time.sleep(0.05)

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask_to_stop(self) -> None:
        if self.process is not None and not self.has_ended():
            self.process.terminate()

    def wait_until_stopped(self, seconds: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_lines(self, count: int) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-count:])


def stop_all(services: Iterable[Service]) -> None:
    """Ask every process to stop, all at once; after ten seconds, end those that did not."""
    services = list(services)
    deadline = time.monotonic() + STOP_SECONDS
    for service in services:
        service.ask_to_stop()
    for service in services:
        service.wait_until_stopped(max(0.1, deadline - time.monotonic()))


def keep_running(
    services: Iterable[Service], *, stop: threading.Event, say: Callable[[str], None]
) -> None:
    """Start again whatever dies, at growing intervals while it keeps dying, until `stop` is set."""
    watches = [Watch(service) for service in services]
    while not stop.wait(0.25):
        for watch in watches:
            watch.look(now=time.monotonic(), say=say)


@dataclass(eq=False)
class Watch:
    """When one process that died is to be started again."""

    service: Service
    started_at: float = field(default_factory=time.monotonic)
    pause: float = 0.0
    due_at: float | None = None

    def look(self, *, now: float, say: Callable[[str], None]) -> None:
        if self.due_at is None and self.service.has_ended():
            lived = now - self.started_at
            self.pause = 0.0 if lived > LONGEST_PAUSE else min(LONGEST_PAUSE, 2 * self.pause + 0.5)
            self.due_at = now + self.pause
            say(f"{self.service.name} ended; see {self.service.log}. Starting it again.")
        if self.due_at is not None and now >= self.due_at:
            self.due_at, self.started_at = None, now
            self.service.start()
