"""Timetokens: the clock that numbers messages, actions and cursors."""

TICKS_PER_SECOND = 10_000_000


class TimetokenClock:
    """One clock for all channels: no two ticks are equal, and none is below an earlier reading.

    Timetokens count 100 ns since the Unix epoch, 17 digits until the year 2286.

    Args:
        last: The highest timetoken given out before a restart, so that a clock set back in
            between repeats nothing.
    """

    def __init__(self, last: int = 0) -> None:
        self._last = last

    def tick(self, now: float) -> int:
        """Return a timetoken above every one that was given out or read; `now` in seconds."""
        self._last = max(int(now * TICKS_PER_SECOND), self._last + 1)
        return self._last

    def read(self, now: float) -> int:
        """Return the present: a cursor that every later tick is above."""
        self._last = max(int(now * TICKS_PER_SECOND), self._last)
        return self._last
