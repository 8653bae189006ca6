"""Whose tokens are no longer good, and since when.

In memory: whoever revoked them tells it again after a restart, and until then every token from
before counts as revoked.
"""

import math
from typing import NamedTuple

SWEEP_FROM = 1000
"""How many to know before looking for those that can be forgotten."""


class Revocation(NamedTuple):
    """Tokens issued before `issued_before` are refused until `expires`; both in Unix seconds."""

    issued_before: float
    expires: float


class Revocations:
    """One for each user, or user and channel, at most: so it grows with people and not with calls.

    Args:
        awaited_since: Refuse all tokens issued before then, in Unix seconds, until `complete`.
    """

    def __init__(self, awaited_since: float = 0) -> None:
        self._awaited_since = awaited_since
        self._known: dict[tuple[str, str], Revocation] = {}
        self._sweep_at = SWEEP_FROM

    def __len__(self) -> int:
        return len(self._known)

    def add(
        self,
        user: str,
        channel: str = "",
        *,
        issued_before: float,
        expires: float | None,
        now: float,
    ) -> None:
        """Refuse a user's tokens that were issued before then.

        Args:
            channel: Refuse what opens this channel, and nothing else; "" for all tokens.
            expires: When all of them have expired by themselves; None to refuse them for good.
        """
        added = Revocation(issued_before, math.inf if expires is None else expires)
        known = self._known.get((user, channel), added)
        self._known[user, channel] = Revocation(*map(max, known, added))
        if len(self._known) >= self._sweep_at:
            self._sweep(now)

    def complete(self) -> None:
        """Take note that all that were known before a restart have been added again."""
        self._awaited_since = 0

    def issued_before(self, user: str, channel: str = "", *, now: float) -> float:
        """Return the moment before which this user's tokens for a channel are refused; 0 for none.

        Args:
            channel: "" for what concerns all tokens alike.
        """
        found = [self._known.get((user, "")), self._known.get((user, channel))]
        moments = [each.issued_before for each in found if each is not None and each.expires > now]
        return max(self._awaited_since, *moments, 0)

    def _sweep(self, now: float) -> None:
        kept = {key: each for key, each in self._known.items() if each.expires > now}
        self._known = kept
        self._sweep_at = max(SWEEP_FROM, 2 * len(kept))
