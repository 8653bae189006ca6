"""Which refusals of PubNub's protocol the log tells of."""

from hark_gateway.refusals import Refusals

from .errors import PubNubError

_KEYS = frozenset({"Invalid Key", "Invalid Subscribe Key", "Invalid Timestamp"})


class PubNubRefusals(Refusals):
    """Refusals that are no mistake of the client's own, which its answer explains."""

    def __init__(self) -> None:
        super().__init__("PubNub request refused")

    def note(self, refusal: PubNubError, *, now: float) -> None:
        """Take in a refusal."""
        if refusal.status == 403 or refusal.cause in _KEYS:
            self.add(refusal.reason, cause=refusal.cause, now=now)
