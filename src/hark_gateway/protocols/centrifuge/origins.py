"""Which pages may connect, by the Origin that browsers send (RFC 6454, 7)."""

import re

from hark_gateway.net.http import Request

FINAL_DOT = re.compile(r"(?<=[^/.])\.(?=(:\d+)?$)")
"""What ends a name written from the root (RFC 1034, 3.1): the same host as without."""


class Origins:
    """Matches origins against patterns in which `*` stands for any part.

    A request without Origin is no page's, and is always let in: it is its token that counts.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = [
            re.compile(".*".join(re.escape(part) for part in pattern.lower().split("*")))
            for pattern in patterns
        ]

    def allow(self, request: Request) -> bool:
        """Tell whether the page that made `request` may connect."""
        origin = request.headers.get(b"origin")
        return origin is None or self.match(origin.decode("latin-1"))

    def match(self, origin: str) -> bool:
        """Tell whether an origin is allowed."""
        origin = FINAL_DOT.sub("", origin.lower())
        return any(pattern.fullmatch(origin) for pattern in self._patterns)
