"""Which pages may connect, by the Origin that browsers send (RFC 6454, 7)."""

import re

from hark_gateway import clock
from hark_gateway.net.http import Request
from hark_gateway.refusals import Refusals

FINAL_DOT = re.compile(r"(?<=[^/.])\.(?=(:\d+)?$)")
"""What ends a name written from the root (RFC 1034, 3.1): the same host as without."""


class Origins:
    """Matches origins against patterns in which `*` stands for any part.

    A request without Origin is no page's, and is always let in: it is its token that counts.

    Args:
        refusals: Is told of pages that may not.
    """

    def __init__(self, patterns: tuple[str, ...], refusals: Refusals | None = None) -> None:
        self._refusals = refusals
        self._patterns = [
            re.compile(".*".join(re.escape(part) for part in pattern.lower().split("*")))
            for pattern in patterns
        ]

    def allow(self, request: Request) -> bool:
        """Tell whether the page that made `request` may connect."""
        origin = request.headers.get(b"origin")
        if origin is None or self.match(text := origin.decode("latin-1")):
            return True
        if self._refusals is not None:
            self._refusals.add(
                f"the page's origin is not in client.allowed_origins: {text}", now=clock.now()
            )
        return False

    def match(self, origin: str) -> bool:
        """Tell whether an origin is allowed."""
        origin = FINAL_DOT.sub("", origin.lower())
        return any(pattern.fullmatch(origin) for pattern in self._patterns)
