"""A timer wheel: very many deadlines, no timer each."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """What a wheel can hold: once at a time, in one wheel only."""

    wheel_slot: int
    """Where the wheel keeps it; 0 when it is in none."""


T = TypeVar("T", bound=Timed)


class TimerWheel(Generic[T]):
    """Deadlines rounded up to ticks, so that moving one costs the same however many there are.

    Args:
        tick: Seconds; nothing is due earlier than it was set for, nor later than a tick after.
    """

    def __init__(self, *, tick: float) -> None:
        self._tick = tick
        self._slots: dict[int, dict[T, None]] = {}
        self._passed = 0

    def set(self, item: T, at: float) -> None:
        """Let `item` be due at `at`, in seconds, and no longer when it was due before."""
        slot = max(int(at / self._tick) + 1, self._passed + 1)
        if slot != item.wheel_slot:
            self.cancel(item)
            item.wheel_slot = slot
            self._slots.setdefault(slot, {})[item] = None

    def cancel(self, item: T) -> None:
        """Forget `item`; nothing happens when it is not here."""
        if item.wheel_slot:
            slot = self._slots[item.wheel_slot]
            del slot[item]
            if not slot:
                del self._slots[item.wheel_slot]
            item.wheel_slot = 0

    def due(self, now: float) -> Iterator[T]:
        """Take out and yield what is due at `now`. What is yielded may set itself again."""
        first, last = self._passed + 1, int(now / self._tick)
        if last < first:
            return
        self._passed = last
        for number in self._numbers(first, last):
            while slot := self._slots.get(number):
                # Not its first item: a dictionary finds that by passing over all that are gone.
                item, _ = slot.popitem()
                item.wheel_slot = 0
                yield item
            self._slots.pop(number, None)

    def _numbers(self, first: int, last: int) -> list[int]:
        """Return the slots in use from first to last, by the shorter of the two ways."""
        if last - first < len(self._slots):
            return [number for number in range(first, last + 1) if number in self._slots]
        return sorted(number for number in self._slots if number <= last)
