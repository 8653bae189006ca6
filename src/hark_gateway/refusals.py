"""What the log says of the refused: each cause at once, then once a minute with its count.

So that nobody who forgets a setting has to guess, and nobody who knocks all day fills a disk.
"""

import logging
from dataclasses import dataclass

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two lines on the same cause."""
MAX_REASON = 400
MAX_CAUSES = 100


@dataclass(slots=True)
class _Repeated:
    """How often a cause has come up since the last line on it, and the latest reason."""

    due: float
    level: int
    times: int = 0
    reason: str = ""


class Refusals:
    """Counts refusals that whoever runs the gateway or the application should know of.

    Args:
        event: What each line begins with.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._repeated: dict[str, _Repeated] = {}

    def add(
        self, reason: str, *, now: float, cause: str = "", level: int = logging.WARNING
    ) -> None:
        """Take in a refusal; the first of its cause is logged at once.

        Args:
            cause: The same for all of one kind; without it, the reason as far as its first colon.
            now: In seconds.
        """
        cause = cause or reason.partition(":")[0]
        if cause not in self._repeated and len(self._repeated) >= MAX_CAUSES:
            cause = "others"
        repeated = self._repeated.get(cause)
        if repeated is None:
            self._repeated[cause] = _Repeated(now + INTERVAL, level)
            self._say(level, reason, 1)
        else:
            repeated.times += 1
            repeated.reason = reason

    def sweep(self, now: float) -> None:
        """Log what has come up again. Call it about once a second."""
        for cause, repeated in list(self._repeated.items()):
            if repeated.due > now:
                continue
            if repeated.times:
                self._say(repeated.level, repeated.reason, repeated.times)
                self._repeated[cause] = _Repeated(now + INTERVAL, repeated.level)
            else:
                del self._repeated[cause]

    def _say(self, level: int, reason: str, times: int) -> None:
        log.log(level, self._event, extra={"reason": reason[:MAX_REASON], "times": times})
