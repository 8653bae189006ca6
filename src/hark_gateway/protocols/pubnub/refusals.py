"""What the log says of refused requests: each cause at once, then once a minute with its count."""

import logging
from dataclasses import dataclass

from .errors import PubNubError

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two lines on the same cause."""
MAX_REASON = 400
_KEYS = frozenset({"Invalid Key", "Invalid Subscribe Key", "Invalid Timestamp"})


@dataclass(slots=True)
class _Repeated:
    """How often a cause has come up since the last line on it, and the latest reason."""

    due: float
    times: int = 0
    reason: str = ""


class Refusals:
    """Counts refusals that whoever runs the gateway or the application should know of."""

    def __init__(self) -> None:
        self._repeated: dict[str, _Repeated] = {}

    def note(self, refusal: PubNubError, *, now: float) -> None:
        """Take in a refusal; the first of its cause is logged at once."""
        cause = refusal.cause
        if refusal.status != 403 and cause not in _KEYS:
            return  # a mistake of the client's own, which its answer explains
        repeated = self._repeated.get(cause)
        if repeated is None:
            self._repeated[cause] = _Repeated(now + INTERVAL)
            _say(refusal.reason, 1)
        else:
            repeated.times += 1
            repeated.reason = refusal.reason

    def sweep(self, now: float) -> None:
        """Log what has come up again. Call it about once a second."""
        for cause, repeated in list(self._repeated.items()):
            if repeated.due > now:
                continue
            if repeated.times:
                _say(repeated.reason, repeated.times)
                self._repeated[cause] = _Repeated(now + INTERVAL)
            else:
                del self._repeated[cause]


def _say(reason: str, times: int) -> None:
    log.warning("PubNub request refused", extra={"reason": reason[:MAX_REASON], "times": times})
