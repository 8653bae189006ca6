"""What a case is, and the scene that most of them play in."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.load.remote import RemoteSwarm
from bench.load.swarm import Heard
from bench.machine import part
from bench.payload import make_payload
from bench.processes import DidNotStart
from bench.results import Row, Table
from bench.subjects.running import NotHere, Running, Subject


@dataclass(frozen=True, slots=True)
class Scale:
    """How thorough a run is.

    Args:
        quick: A tenth of the clients and two rounds: shows that all works, measures little.
    """

    quick: bool = False

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    def clients(self, full: int) -> int:
        return max(20, full // 10) if self.quick else full


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    Args:
        name: What it is run by, and what its results file is called.
        question: A sentence.
        run: Answers it.
        plotted: Whether the docs show a plot of it.
    """

    name: str
    question: str
    run: Callable[[Scale], Table]
    plotted: bool = False


class NotDelivered(Exception):
    """A subject lost, repeated, reordered or altered a publication."""


class Scene:
    """One subject at work, with its clients open."""

    def __init__(self, subject: Subject, running: Running, swarm: RemoteSwarm) -> None:
        self.subject = subject
        self.running = running
        self.swarm = swarm
        self.published = 0
        self._proven = 0

    def publish(self, publications: int) -> None:
        """Publish all at once, without waiting for their delivery."""
        assert self.running.publish_all is not None
        numbers = range(self.published, self.published + publications)
        self.running.publish_all([make_payload(number) for number in numbers])
        self.published += publications

    def deliver(self, publications: int, *, at_once: int = 1) -> float:
        """Publish in groups of `at_once`, each once the last is everywhere.

        Returns:
            The seconds of processor time that one delivery took the subject.
        """
        before = self.running.cpu_seconds()
        for _ in range(publications // at_once):
            self.swarm.begin_to_wait(self.published + at_once)
            self.publish(at_once)
            self.swarm.answer()
        return (self.running.cpu_seconds() - before) / (publications * self.swarm.size)

    def prove(self) -> str:
        """Return in words what arrived.

        Raises:
            NotDelivered: Not everything did, exactly once, in order and intact.
        """
        heard = self.swarm.settle(0.05)
        self._expect_all(heard)
        expected = list(range(self._proven, self.published))
        samples = self.swarm.read_samples()
        if any(sample != expected for sample in samples):
            raise NotDelivered(f"{self.subject.name}: the samples are not what was published")
        self._proven = self.published
        return f"{heard.total:,} of {heard.total:,}; {len(samples)} clients read byte for byte"

    def _expect_all(self, heard: Heard) -> None:
        if not heard.least == heard.most == self.published:
            raise NotDelivered(
                f"{self.subject.name}: published {self.published:,} to each of "
                f"{self.swarm.size:,} clients, which heard {heard.least:,} to {heard.most:,}"
            )


@contextmanager
def play(subject: Subject, clients: int, **swarm: bool | int) -> Iterator[Scene]:
    """Start `subject` and open `clients` clients.

    Raises:
        NotHere, DidNotStart: It cannot be measured here.
    """
    with ExitStack() as stack:
        running = stack.enter_context(subject.start(clients))
        remote = stack.enter_context(RemoteSwarm(running.door, **swarm))  # type: ignore[arg-type]
        part(running.pids, remote.pid)
        remote.open(clients)
        yield Scene(subject, running, remote)


def row_of(
    subject: Subject,
    *,
    setting: str = "",
    values: Iterable[float] = (),
    proof: str = "",
    problem: Exception | None = None,
) -> Row:
    """Return the row of `subject`; without values, `problem` says why."""
    return Row(
        subject=subject.name,
        role=subject.role,
        setting=setting,
        values=tuple(values),
        proof=proof,
        note=str(problem).partition("\n")[0] if problem else "",
    )


def measure_in_turn(
    subjects: Iterable[Subject],
    clients: int,
    measure: Callable[[Scene], float],
    *,
    rounds: int,
    setting: str,
) -> list[Row]:
    """Measure all subjects in turns, so that what else the machine does meets each alike.

    The order stays the same: whoever came twice in a row would find its sockets in the cache. The
    first turn warms up and does not count.
    """
    scenes, absent = [], []
    values: dict[str, list[float]] = {}
    proofs: dict[str, str] = {}
    with ExitStack() as stack:
        for subject in subjects:
            say(f"{setting}: {subject.name}")
            try:
                scenes.append(stack.enter_context(play(subject, clients)))
            except (NotHere, DidNotStart) as problem:
                absent.append(row_of(subject, setting=setting, problem=problem))
        for _ in range(rounds + 1):
            for scene in scenes:
                values.setdefault(scene.subject.name, []).append(measure(scene))
                proofs[scene.subject.name] = scene.prove()
    measured = [
        row_of(
            scene.subject,
            setting=setting,
            values=values[scene.subject.name][1:],
            proof=proofs[scene.subject.name],
        )
        for scene in scenes
    ]
    return measured + absent


def say(text: str) -> None:
    """Tell whoever waits what is being measured."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)
