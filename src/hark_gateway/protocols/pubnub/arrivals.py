"""Who came by a heartbeat a moment ago, and has not subscribed yet.

Some clients send their first heartbeat before, or beside, their first subscribe. They are to hear
of their own coming all the same, so their subscription begins just before it.
"""

from collections.abc import Iterable

WINDOW = 10.0
"""Seconds in which the subscribe has to follow."""


class Arrivals:
    """The last arrival of each user, as long as a subscribe may follow it."""

    def __init__(self) -> None:
        self._arrivals: dict[str, tuple[float, frozenset[str], int]] = {}  # the oldest first

    def note(self, uuid: str, names: Iterable[str], *, cursor: int, now: float) -> None:
        """Remember that a user came to channels just after `cursor`."""
        self._arrivals.pop(uuid, None)
        self._arrivals[uuid] = (now, frozenset(names), cursor)

    def take(self, uuid: str, names: Iterable[str], *, now: float) -> int | None:
        """Return the cursor of a user's arrival on any of these channels, once."""
        came, channels, cursor = self._arrivals.get(uuid, (0.0, frozenset(), 0))
        if came + WINDOW <= now or channels.isdisjoint(names):
            return None
        del self._arrivals[uuid]
        return cursor

    def sweep(self, now: float) -> None:
        """Forget those for whom it is too late. Call it about once a second."""
        late = []
        for uuid, (came, _, _) in self._arrivals.items():
            if came + WINDOW > now:
                break
            late.append(uuid)
        for uuid in late:
            del self._arrivals[uuid]
