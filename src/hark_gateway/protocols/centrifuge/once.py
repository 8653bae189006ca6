"""Results remembered by a caller's key, so that a repeated call does nothing again."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Remembers results for a while.

    Args:
        ttl: Seconds.
    """

    def __init__(self, *, ttl: float) -> None:
        self._ttl = ttl
        self._results: dict[tuple[str, str], T] = {}
        self._expiries: deque[tuple[float, tuple[str, str]]] = deque()

    def find(self, key: tuple[str, str], *, now: float) -> T | None:
        """Return what was remembered under `key`, if it still is."""
        while self._expiries and self._expiries[0][0] <= now:
            del self._results[self._expiries.popleft()[1]]
        return self._results.get(key)

    def remember(self, key: tuple[str, str], result: T, *, now: float) -> None:
        """Remember the result of a first call."""
        self._results[key] = result
        self._expiries.append((now + self._ttl, key))
