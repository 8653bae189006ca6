"""Trying again: later each time, never all at once, and not for ever."""

import logging
import random
from datetime import timedelta

from django.utils import timezone

from hark.conf import settings
from hark.models import Owed

LONGEST = 300.0

logger = logging.getLogger(__name__)


def delay(attempts: int, *, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row, with jitter."""
    full = min(longest, first * 2.0 ** min(attempts, 30))
    return full * random.uniform(0.5, 1)  # noqa: S311 (no secret)


def postpone(row: Owed, error: Exception) -> None:
    """Note what went wrong and try again later, or give up visibly after MAX_ATTEMPTS."""
    row.attempts += 1
    row.error = f"{type(error).__name__}: {error}"
    given_up = row.gives_up and row.attempts >= settings().MAX_ATTEMPTS
    seconds = delay(row.attempts, first=1.0, longest=LONGEST)
    row.due_at = None if given_up else timezone.now() + timedelta(seconds=seconds)
    row.save(update_fields=["attempts", "error", "due_at"])
    logger.error("%s %s: %s", row, "was given up" if given_up else "failed", row.error)
