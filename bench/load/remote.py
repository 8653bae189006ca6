"""How a benchmark starts a swarm of clients in another process, and calls it."""

import multiprocessing
from typing import Any, Self

from bench.load.dialogues import Door
from bench.load.swarm import Heard, run_swarm

PATIENCE = 120.0  # seconds; no wait in any case takes longer


class RemoteSwarm:
    """A `Swarm` in a process of its own; its methods are the swarm's, and raise what it raises."""

    def __init__(
        self, door: Door, *, sampled: int = 50, track: bool = False, returns: bool = False
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        options = {"door": door, "sampled": sampled, "track": track, "returns": returns}
        self._process = context.Process(target=run_swarm, args=(theirs, options), daemon=True)
        self._process.start()
        theirs.close()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(5)
        self._process.kill()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def prepare(self, count: int) -> None:
        self._call("prepare", count=count)

    def open(self, count: int, *, at_once: int = 64) -> float:
        self.size += count
        return float(self._call("open", count=count, at_once=at_once, seconds=PATIENCE))

    def wait_for(self, each: int, *, seconds: float = PATIENCE) -> Heard:
        heard: Heard = self._call("wait_for", each=each, seconds=seconds)
        return heard

    def begin_to_wait(self, each: int) -> None:
        """Have it wait for what is about to be published; `answer` returns once it has come.

        However early or late a subject's API answers, its clients are waiting by then: a `send()`
        to a client that must be woken costs more than one to a client that is reading.
        """
        self.begin("wait_for", each=each, seconds=PATIENCE)

    def settle(self, seconds: float) -> Heard:
        heard: Heard = self._call("settle", seconds=seconds)
        return heard

    def read_samples(self) -> list[list[int]]:
        return list(self._call("read_samples"))

    def take_ages(self) -> list[int]:
        return list(self._call("take_ages"))

    def segments(self) -> int:
        return int(self._call("segments"))

    def recovered(self) -> int:
        return int(self._call("recovered"))

    def cut(self) -> None:
        self._call("cut")

    def come_back(self, *, at_once: int = 64) -> float:
        return float(self._call("come_back", at_once=at_once, seconds=PATIENCE))

    def close_clients(self) -> None:
        self.size = 0
        self._call("close")

    def _call(self, name: str, **arguments: object) -> Any:
        self._pipe.send((name, arguments))
        return self.answer()

    def begin(self, name: str, **arguments: object) -> None:
        """Make a call without waiting for its end; `answer` fetches what it returns."""
        self._pipe.send((name, arguments))

    def answer(self) -> Any:
        value, problem = self._pipe.recv()
        if problem is not None:
            raise problem
        return value
