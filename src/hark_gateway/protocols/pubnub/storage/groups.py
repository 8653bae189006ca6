"""Channel groups: names that stand for many channels."""

from collections.abc import Iterable, Mapping

from .database import Database


class TooManyGroups(Exception):
    """One group, or one channel in a group, more than is allowed."""


class GroupStore:
    """All channel groups. A group without channels does not exist.

    Args:
        max_groups: Groups, at most.
        max_channels: Channels in one group, at most.
    """

    def __init__(
        self, database: Database, *, max_groups: int = 10_000, max_channels: int = 2_000
    ) -> None:
        self._database = database
        self._max_groups = max_groups
        self._max_channels = max_channels
        self._groups: dict[str, dict[str, None]] = {}
        for name, channel in database.read("SELECT name, channel FROM groups ORDER BY channel"):
            self._groups.setdefault(name, {})[channel] = None

    @property
    def all(self) -> Mapping[str, Iterable[str]]:
        """Every group and its channels."""
        return self._groups

    def channels(self, name: str) -> list[str]:
        """Return the channels of a group; none if it does not exist."""
        return list(self._groups.get(name, ()))

    def add(self, name: str, channels: Iterable[str]) -> bool:
        """Put channels into a group; return whether any is new.

        Raises:
            TooManyGroups, NotStored: Nothing was added.
        """
        present = self._groups.get(name, {})
        new = [channel for channel in dict.fromkeys(channels) if channel not in present]
        if len(present) + len(new) > self._max_channels:
            raise TooManyGroups
        if new and not present and len(self._groups) >= self._max_groups:
            raise TooManyGroups
        rows = [(name, channel) for channel in new]
        self._database.write_all("INSERT INTO groups VALUES (?, ?)", rows)
        if new:
            self._groups.setdefault(name, {}).update(dict.fromkeys(new))
        return bool(new)

    def remove(self, name: str, channels: Iterable[str]) -> bool:
        """Take channels out of a group; return whether any was in it.

        Raises:
            NotStored: Nothing was removed.
        """
        present = self._groups.get(name, {})
        gone = [channel for channel in dict.fromkeys(channels) if channel in present]
        sql = "DELETE FROM groups WHERE name = ? AND channel = ?"
        self._database.write_all(sql, [(name, channel) for channel in gone])
        for channel in gone:
            del present[channel]
        if name in self._groups and not present:
            del self._groups[name]
        return bool(gone)
