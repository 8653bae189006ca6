"""What one screen knows and shows, by the rules of web/src/inbox/log.ts and state.ts.

Holds no socket: pushes and answers come in, and it says what it needs to ask.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Display:
    """An item that appeared on the screen."""

    at: float
    """Unix time."""
    id: int
    comment: str


class Screen:
    """One page, from its loading to its closing."""

    def __init__(self) -> None:
        self.begun = False
        self.items: dict[int, Item] = {}
        self.counts: Mapping[str, int] = {}
        self.displays: list[Display] = []
        self._shown: set[int] = set()
        self._held = 0
        self._heard = 0
        self._counted_at = -1
        self._ahead: list[tuple[int, int]] = []
        self._doubts = 1
        self._answered = 0

    @property
    def held(self) -> int:
        """The number up to which every change is known."""
        return self._held

    @property
    def doubts(self) -> int:
        """How often something may have been missed; what a question asked now will answer."""
        return self._doubts

    def doubted(self) -> bool:
        return self._doubts > self._answered

    def has_gap(self) -> bool:
        return self._heard > self._held

    def listed(self) -> list[Item]:
        """Return what the list shows, from its top."""
        shown = (item for item in self.items.values() if _belongs(item))
        return sorted(shown, key=lambda item: -item["id"])

    def doubt(self) -> None:
        """Note that a push may have been missed."""
        self._doubts += 1

    def begin(self, page: Mapping[str, Any], older: Iterable[Item], *, asked: int) -> None:
        """Start from the inbox as it is: its first page, and all that follow it."""
        if self.begun:  # what was pushed meanwhile goes down with the old log
            self.doubt()
        self.begun = True
        self.items = {}
        self._ahead = []
        self._held = self._heard = page["modseq"]
        self._counted_at = -1
        self._answered = asked
        self._learn([*older, *page["results"]], page["modseq"], page["counts"])

    def hear(self, push: Mapping[str, Any]) -> None:
        """Take in a push: the stretch of the log that it tells."""
        if not self.begun:
            self.doubt()
            return
        # What is held already has moved on since: an item we do not list may be archived by now.
        items = [item for item in push["items"] if item["modseq"] > self._held]
        self._ahead.append((push["since"], push["modseq"]))
        self._learn(items, push["modseq"], push["counts"])

    def catch_up(self, answer: Mapping[str, Any], *, asked: int) -> None:
        """Take in an answer to "what changed since": it closes every number up to its own."""
        self._held = max(self._held, answer["modseq"])
        if not answer["more"]:
            self._answered = asked
        self._learn(answer["items"], answer["modseq"], answer["counts"])

    def did(self, modseq: int | None) -> None:
        """Note a change of the reader's own, which the server has made as number `modseq`."""
        if modseq is None:
            self.doubt()
        else:
            self._heard = max(self._heard, modseq)

    def _learn(self, items: Iterable[Item], modseq: int, counts: Mapping[str, int]) -> None:
        for item in items:
            known = self.items.get(item["id"])
            if known is None or known["modseq"] < item["modseq"]:
                self.items[item["id"]] = item
        if modseq > self._counted_at:
            self.counts, self._counted_at = counts, modseq
        self._heard = max(self._heard, modseq)
        self._advance()
        self._show()

    def _advance(self) -> None:
        for since, modseq in sorted(self._ahead):
            if since <= self._held:
                self._held = max(self._held, modseq)
        self._ahead = [stretch for stretch in self._ahead if stretch[1] > self._held]

    def _show(self) -> None:
        now = time.time()
        shown = {item["id"] for item in self.items.values() if _belongs(item)}
        for new in sorted(shown - self._shown):
            self.displays.append(Display(now, new, comment_of(self.items[new])))
        self._shown = shown


def comment_of(item: Item) -> str:
    """Return which comment an item tells of; what a person reads, not the number it came under."""
    _, found, comment = item["url"].partition("#comment-")
    return comment if found else f"no comment: {item['title']}"


def _belongs(item: Item) -> bool:
    return item["deleted_at"] is None and item["archived_at"] is None
