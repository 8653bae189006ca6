"""What any client does with the log: docs/hark/api.md's three rules, in the fewest lines."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Store:
    """The newest of each item, and the number it got to."""

    modseq: int = 0
    items: dict[int, Any] = field(default_factory=dict)
    gap: bool = False

    def apply(self, push: Any) -> None:
        """Take a push; note if one before it was missed."""
        if push["since"] > self.modseq:
            self.gap = True
            return
        self.merge(push)

    def merge(self, changes: Any) -> None:
        for item in changes["items"]:
            if item["modseq"] >= self.items.get(item["id"], item)["modseq"]:
                self.items[item["id"]] = item
        self.modseq = max(self.modseq, changes["modseq"])

    @property
    def titles(self) -> list[str]:
        """What is on the screen, newest first."""
        alive = (item for item in self.items.values() if item["deleted_at"] is None)
        return [item["title"] for item in sorted(alive, key=lambda item: -item["id"])]
