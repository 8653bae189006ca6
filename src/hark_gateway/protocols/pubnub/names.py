"""Names of channels and groups: which are allowed, what they match, how the hub spells them."""

import re
from collections.abc import Collection

PRESENCE = "-pnpres"
MAX_CHARACTERS = 92
MAX_DOTS = 2

# PubNub's documentation, "Channel names": these and control characters are reserved.
_RESERVED = re.compile(r"[\x00-\x20\x7f,:*/\\]")


class BadName(ValueError):
    """A name is empty, too long, or has a reserved character."""


def check(name: str) -> str:
    """Return `name` if a message may be published there.

    Raises:
        BadName: It may not.
    """
    if not name or len(name) > MAX_CHARACTERS or _RESERVED.search(name):
        raise BadName(name)
    return name


def check_subscription(name: str) -> str:
    """Return `name` if it may be subscribed to: a channel, or a wildcard such as `a.*` or `a.b.*`.

    Raises:
        BadName: It may not.
    """
    base = name.removesuffix(PRESENCE)
    if base.endswith(".*"):
        base = base[:-2]
        if base.count(".") >= MAX_DOTS:
            raise BadName(name)
    check(base)
    return name


def is_presence(name: str) -> bool:
    """Tell whether a channel is the one of announcements of another (`a-pnpres`)."""
    return name.endswith(PRESENCE)


def is_wildcard(name: str) -> bool:
    """Tell whether a name stands for many channels (`a.*`), or for their announcements."""
    return name.endswith((".*", ".*" + PRESENCE))


def wildcards_of(name: str) -> list[str]:
    """Return every wildcard that matches `name`: `a.*` and `a.b.*` for `a.b.c`."""
    suffix = PRESENCE if is_presence(name) else ""
    base = name.removesuffix(PRESENCE)
    dots = [at for at, character in enumerate(base) if character == "."][:MAX_DOTS]
    return [f"{base[:dot]}.*{suffix}" for dot in dots]


class Spelling:
    """Turns names into the hub's and back.

    PubNub has no colon in names, so `inbox.42` here is `inbox:42` there, for every namespace that
    is configured; any other name is the same on both sides. A hub channel that has no name here is
    not seen through this protocol.

    Args:
        namespaces: The names of all namespaces.
        boundary: What ends the namespace in the hub's names.
    """

    def __init__(self, namespaces: Collection[str], *, boundary: str = ":") -> None:
        self._namespaces = frozenset(namespaces)
        self._boundary = boundary

    def to_hub(self, name: str) -> str:
        head, dot, tail = name.partition(".")
        return f"{head}{self._boundary}{tail}" if dot and head in self._namespaces else name

    def from_hub(self, name: str) -> str | None:
        """Return the name here, or None if there is none that would lead back."""
        head, boundary, tail = name.partition(self._boundary)
        ours = f"{head}.{tail}" if boundary else name
        try:
            check(ours)
        except BadName:
            return None
        return ours if self.to_hub(ours) == name else None
