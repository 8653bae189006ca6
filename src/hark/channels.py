"""Channels: named streams, which each backend spells in its own way."""

import re
from dataclasses import dataclass
from typing import Any

from hark.exceptions import BadChannel

INBOX = "inbox"
MAX_LENGTH = 200

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Channel:
    """A namespace and a key, both made of letters, digits, hyphens and underscores.

    Raises:
        BadChannel: It is not.
    """

    namespace: str
    key: str

    def __post_init__(self) -> None:
        good = _PART.fullmatch(self.namespace) and _PART.fullmatch(self.key)
        if not good or len(self.namespace) + len(self.key) >= MAX_LENGTH:
            raise BadChannel(str(self))

    def __str__(self) -> str:
        return f"{self.namespace}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Channel":
        """Read `namespace:key`.

        Raises:
            BadChannel: It is written otherwise.
        """
        namespace, colon, key = text.partition(":")
        if not colon:
            raise BadChannel(text)
        return cls(namespace, key)


def inbox_of(user_id: Any) -> Channel:
    """Return the channel that the screens of one user listen to."""
    return Channel(INBOX, str(user_id))
