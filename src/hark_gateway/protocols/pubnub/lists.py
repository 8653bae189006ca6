"""Lists of names that clients have in common: what they subscribe to, and where they are present.

All who have the same list share one object, and each name knows the lists it is on. So a client
costs the same memory for one name as for a hundred that others have too; if nobody else has its
list, one pointer more for each name.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Generic, TypeVar

Interest = TypeVar("Interest")
Stay = TypeVar("Stay")


class NameList(Generic[Interest, Stay]):
    """Names in sorted order, who is interested in exactly them, and who is present on them."""

    __slots__ = ("interests", "names", "stays")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.interests: tuple[Interest, ...] = ()
        self.stays: dict[str, Stay] = {}
        """By uuid."""

    def __contains__(self, name: str) -> bool:
        at = bisect_left(self.names, name)
        return at < len(self.names) and self.names[at] == name

    @property
    def is_used(self) -> bool:
        return bool(self.interests or self.stays)


class Lists(Generic[Interest, Stay]):
    """All lists in use; what is noted on them is their users' own (`live`, `presence`)."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, ...], NameList[Interest, Stay]] = {}
        self._on: dict[str, list[NameList[Interest, Stay]]] = {}
        self._released: set[NameList[Interest, Stay]] = set()

    def find(self, names: tuple[str, ...]) -> NameList[Interest, Stay] | None:
        """Return the list of exactly these names, sorted, if there is one."""
        return self._lists.get(names)

    def obtain(self, names: tuple[str, ...]) -> NameList[Interest, Stay]:
        """Return the list of exactly these names, sorted, which the caller is about to use."""
        found = self._lists.get(names)
        if found is None:
            found = self._lists[names] = NameList(names)
            for name in names:
                self._on.setdefault(name, []).append(found)
        return found

    def on(self, name: str) -> Sequence[NameList[Interest, Stay]]:
        """Return every list that the name is on; some may be in use no longer."""
        return self._on.get(name, ())

    def release(self, each: NameList[Interest, Stay]) -> None:
        """Give a list back, unless others use it."""
        if not each.is_used:
            self._released.add(each)

    def tidy(self) -> None:
        """Forget what was given back, each name's in one go. Call it about once a second."""
        over = {each for each in self._released if not each.is_used}  # or taken up again since
        self._released.clear()
        for each in over:
            del self._lists[each.names]
        for name in {name for each in over for name in each.names}:
            rest = [each for each in self._on[name] if each not in over]
            if rest:
                self._on[name] = rest
            else:
                del self._on[name]
