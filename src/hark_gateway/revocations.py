"""Whose tokens are no longer good, and since when. In memory: a restart forgets it."""

import math
from typing import NamedTuple

SWEEP_FROM = 1000
"""How many to know before looking for those that can be forgotten."""


class Revocation(NamedTuple):
    """Tokens issued before `issued_before` are refused until `expires`; both in Unix seconds."""

    issued_before: float
    expires: float


class Revocations:
    """One for each user at most, so that it grows with people and not with calls."""

    def __init__(self) -> None:
        self._by_user: dict[str, Revocation] = {}
        self._sweep_at = SWEEP_FROM

    def __len__(self) -> int:
        return len(self._by_user)

    def add(self, user: str, *, issued_before: float, expires: float | None, now: float) -> None:
        """Refuse a user's tokens that were issued before then.

        Args:
            expires: When all of them have expired by themselves; None to refuse them for good.
        """
        added = Revocation(issued_before, math.inf if expires is None else expires)
        known = self._by_user.get(user, added)
        self._by_user[user] = Revocation(*map(max, known, added))
        if len(self._by_user) >= self._sweep_at:
            self._sweep(now)

    def issued_before(self, user: str, *, now: float) -> float:
        """Return the moment before which tokens of this user are refused; 0 for none."""
        known = self._by_user.get(user)
        return known.issued_before if known is not None and known.expires > now else 0

    def _sweep(self, now: float) -> None:
        kept = {user: each for user, each in self._by_user.items() if each.expires > now}
        self._by_user = kept
        self._sweep_at = max(SWEEP_FROM, 2 * len(kept))
