"""Trying again: later each time, never all at once, and not for ever."""

import logging
import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from hark.conf import settings
from hark.models import Inbox, Owed
from hark.plain import described

LONGEST = 300.0
MOST_COUNTED = 32767
"""What the column can hold."""

logger = logging.getLogger(__name__)


def delay(attempts: int, *, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row, with jitter."""
    full = min(longest, first * 2.0 ** min(attempts, 30))
    return full * random.uniform(0.5, 1)  # noqa: S311 (no secret)


def postpone(row: Owed, error: Exception, *, max_attempts: int | None = None) -> None:
    """Note what went wrong and try again later, or give up visibly.

    Args:
        max_attempts: When to give up; None: after HARK["MAX_ATTEMPTS"].
    """
    row.attempts = min(row.attempts + 1, MOST_COUNTED)  # an inbox never gives up
    row.error = described(error)
    given_up = row.gives_up and row.attempts >= (max_attempts or settings().MAX_ATTEMPTS)
    seconds = delay(row.attempts, first=1.0, longest=LONGEST)
    row.due_at = None if given_up else timezone.now() + timedelta(seconds=seconds)
    # Not saved, which fails where it was deleted meanwhile; nor read from it more than is needed.
    changed = {"attempts": row.attempts, "error": row.error, "due_at": row.due_at}
    type(row)._base_manager.filter(pk=row.pk).update(**changed)  # noqa: SLF001 (documented)
    logger.error("%s %s: %s", row, "was given up" if given_up else "failed", row.error)


def postpone_inbox(owner: Any, error: Exception) -> None:
    """Do the same with whatever somebody's inbox is owed."""
    if row := Inbox.objects.filter(pk=owner).only("attempts").first():
        postpone(row, error)
