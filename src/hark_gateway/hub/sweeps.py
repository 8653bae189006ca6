"""Sweeps: a crowd is written to in slices, and everybody else is served between them.

To write to 10,000 subscribers takes longer than anybody should wait. So a channel's subscribers are
written to for about a millisecond in each turn of the event loop, group after group, in rotation
with those of other channels. What is said meanwhile reaches whoever has not been written to yet
together with what was said before: the more is said, the less a delivery costs.
"""

from collections import deque
from collections.abc import Callable

from .backlog import Change
from .channel import Channel
from .counts import Counts
from .stream import Publication

BUDGET = 0.001
"""Seconds of a turn in which crowds are written to."""
LONG_BYTES = 262_144
"""The size from which on a backlog must not grow: whoever says more has others written to."""
TOO_LONG_BYTES = 1_048_576
"""The size from which on a turn takes as long as it must. Only leaves make a backlog so long."""


class Sweeps:
    """Writes to the subscribers of all channels of one event loop.

    A channel is swept from the moment something is said on it until a later turn in which nobody
    of its subscribers is behind. So of what is said in one turn, the first goes out at once, and
    everything else together in the next.

    Args:
        call_soon: Has a function called in the loop's next turn.
        clock: Returns the time, in seconds; it must never go back.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        clock: Callable[[], float],
        counts: Counts,
        *,
        budget: float = BUDGET,
    ) -> None:
        self._call_soon = call_soon
        self._clock = clock
        self._counts = counts
        self._budget = budget
        self._waiting: deque[Channel] = deque()
        self._ends: float | None = None
        """When this turn's time is over; None while nothing is swept."""

    def say(self, channel: Channel, item: Publication | Change) -> None:
        """Have something written to all subscribers who want to hear of it, beginning at once."""
        if channel.is_swept:
            size = channel.append(item)
            if _exceeds(channel, LONG_BYTES):
                channel.write_for(size, self._counts)
            return
        ends = self._begin(channel)
        if channel.is_small:  # most are, and need no backlog for it
            channel.write_at_once(item, self._counts)
            return
        channel.append(item)
        while channel.write_next(self._counts) and self._clock() < ends:
            pass

    def say_later(self, channel: Channel, item: Change) -> None:
        """Have something written from the next turn on.

        A leave may come from one that goes while it is written to; so nobody else is, within that.
        """
        channel.append(item)
        if not channel.is_swept:
            self._begin(channel)

    def _begin(self, channel: Channel) -> float:
        channel.is_swept = True
        self._waiting.append(channel)
        if self._ends is None:
            self._ends = self._clock() + self._budget
            self._call_soon(self._turn)
        return self._ends

    def _turn(self) -> None:
        """Write to one group of each channel in rotation, until the time is over."""
        waiting = self._waiting
        self._ends = ends = self._clock() + self._budget
        while waiting:
            channel = waiting.popleft()
            if channel.write_next(self._counts):
                waiting.append(channel)
            else:
                channel.is_swept = False
            if self._clock() >= ends and not _exceeds(channel, TOO_LONG_BYTES):
                break
        if waiting:
            self._call_soon(self._turn)
        else:
            self._ends = None


def _exceeds(channel: Channel, size: int) -> bool:
    return channel.backlog is not None and channel.backlog.size > size
