"""Turns: long work is done in steps, some in each turn of the event loop, and others between.

An event loop serves nobody else while it does one thing. So whatever grows with what a client asks
for, be it by a long list, a big batch or a filter, is written as a generator that yields after each
small step, and run here. In each turn there is a bounded time for all such work together; whoever
waits gets one step after another in rotation, and new requests are served between two turns.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work in steps, and what comes of it in the end. A step takes a millisecond at most."""

BUDGET = 0.003
"""Seconds of a turn that all work in steps may take."""


class Turns:
    """Shares the turns of one event loop among all work in steps.

    Args:
        call_soon: Has a function called in the loop's next turn.
        clock: Returns the time, in seconds; it must never go back.
        budget: Seconds of each turn.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        clock: Callable[[], float],
        *,
        budget: float = BUDGET,
    ) -> None:
        self._call_soon = call_soon
        self._clock = clock
        self._budget = budget
        self._waiting: deque[Iterator[object]] = deque()
        self._ends: float | None = None
        """When this turn's time is over; None before anything was done in it."""

    def __len__(self) -> int:
        return len(self._waiting)

    def run(self, steps: Iterator[object]) -> bool:
        """Do the first step at once, more as there is time, and the rest in later turns.

        Steps must handle their own errors; what they raise is logged, and ends them. To stop them,
        close the generator.

        Returns:
            Whether they are done.
        """
        try:
            next(steps)
            next(steps)  # nearly all work is one step, and its end
        except StopIteration:
            return True
        except Exception:
            log.exception("work in steps failed")
            return True
        if self._ends is None:
            self._ends = self._clock() + self._budget
            self._call_soon(self._turn)
        while not self._waiting and self._clock() < self._ends:
            if not _step(steps):
                return True
        self._waiting.append(steps)
        return False

    def _turn(self) -> None:
        """Do what waits, one step each in rotation, until the time is over."""
        waiting = self._waiting
        if not waiting:
            self._ends = None
            return
        self._ends = self._clock() + self._budget
        self._call_soon(self._turn)
        while waiting:
            steps = waiting.popleft()
            if _step(steps):
                waiting.append(steps)
            if self._clock() >= self._ends:
                return


def _step(steps: Iterator[object]) -> bool:
    """Do one step; return whether there may be more."""
    try:
        next(steps)
    except StopIteration:
        return False
    except Exception:
        log.exception("work in steps failed")
        return False
    return True


def at_once(steps: Steps[T]) -> T:
    """Do all steps, one after the other, where nobody else is waiting; return what comes of it."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
