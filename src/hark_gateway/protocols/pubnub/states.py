"""What users say of themselves on channels: kept while they are there, and for a while before."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

State = Mapping[str, Any]
MAX_LOOKED_AT = 500
"""Entries that one sweep looks at."""
OVERHEAD_BYTES = 200
"""What one entry takes beside its state."""


class _Said:
    """One state, shared by all channels that it was said on together."""

    __slots__ = ("at", "size", "state")

    def __init__(self, state: State, size: int, at: float) -> None:
        self.state = state
        self.size = size
        self.at = at
        """When it was said, or when its user was last seen present."""


class States:
    """The states of all users.

    Args:
        is_present: Tells whether a user is on a channel.
        max_bytes: What all may take; the oldest make room.
        keep_absent: Seconds for which the state of somebody who is not there is kept.
    """

    def __init__(
        self,
        is_present: Callable[[str, str], bool],
        *,
        max_bytes: int = 64 << 20,
        keep_absent: float = 300,
    ) -> None:
        self._is_present = is_present
        self._max_bytes = max_bytes
        self._keep_absent = keep_absent
        self._said: OrderedDict[tuple[str, str], _Said] = OrderedDict()  # the oldest first
        self._bytes = 0

    def get(self, uuid: str, channel: str) -> State:
        """Return what a user says of itself; nothing if it says nothing."""
        said = self._said.get((channel, uuid))
        return {} if said is None else said.state

    def set(self, uuid: str, channels: Sequence[str], state: State, *, now: float) -> list[str]:
        """Keep what a user says of itself on channels; return those where that is new."""
        changed = [name for name in channels if self.get(uuid, name) != state]
        if not changed:
            return []
        size = OVERHEAD_BYTES + len(msgspec.json.encode(state)) // len(changed)
        for name in changed:
            self.forget(uuid, name)
            if state:
                self._said[name, uuid] = _Said(state, size, now)
                self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._said.popitem(last=False)
            self._bytes -= oldest.size
        return changed

    def forget(self, uuid: str, channel: str) -> None:
        """Forget what a user said on one channel."""
        said = self._said.pop((channel, uuid), None)
        if said is not None:
            self._bytes -= said.size

    def sweep(self, now: float) -> None:
        """Forget what absent users said too long ago. Call it about once a second."""
        for _ in range(min(len(self._said), MAX_LOOKED_AT)):
            (channel, uuid), said = next(iter(self._said.items()))
            if said.at + self._keep_absent > now:
                return
            if self._is_present(uuid, channel):
                said.at = now
                self._said.move_to_end((channel, uuid))
            else:
                self.forget(uuid, channel)
