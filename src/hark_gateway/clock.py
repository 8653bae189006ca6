"""The gateway's time: seconds that look like Unix time and never step.

Deadlines, pings and sweeps are reckoned in it. The wall clock is asked only where others have
reckoned with theirs, which is in tokens: it may be set back an hour, or right after having been
wrong since the start.
"""

import time

_STEP = 1.0
"""Seconds; a smaller difference comes from the clocks being read one after the other, or slewed."""


_read = time.clock_gettime
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts the seconds since the machine started, those while it slept included where it can."""
_BEGAN = time.time() - _read(_CLOCK)


def now() -> float:
    """Return the time by which everything here is reckoned."""
    return _BEGAN + _read(_CLOCK)


def drift() -> float:
    """Return by how much the wall clock is ahead of `now`; exactly 0 unless it has been set."""
    difference = time.time() - now()
    return difference if abs(difference) >= _STEP else 0.0


def here(instant: float | None) -> float | None:
    """Return a moment that was reckoned by the wall clock as `now` will show it."""
    return None if instant is None else instant - drift()
