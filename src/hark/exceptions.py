"""What can go wrong when an application sends something; raised before a row is written."""

from collections.abc import Collection


class HarkError(Exception):
    """Base of every exception of this package; never raised itself."""


class NotARecipient(HarkError):
    """Something among the recipients is no saved user."""

    def __init__(self, recipient: object, what: str = "") -> None:
        super().__init__(recipient, what)
        self.recipient, self.what = recipient, what

    def __str__(self) -> str:
        got = self.what or f"{type(self.recipient).__name__}: {self.recipient!r}"
        return f"recipients must be saved users of AUTH_USER_MODEL; got {got}"


class NotRegistered(HarkError):
    """A notification's class was never given a name by `@register`."""

    def __init__(self, cls: type) -> None:
        super().__init__(cls)
        self.cls = cls

    def __str__(self) -> str:
        return f'{self.cls.__qualname__} has no name: decorate it with @register("app.event")'


class AlreadyRegistered(HarkError):
    """Two classes claim one name."""

    def __init__(self, name: str, cls: type, other: type) -> None:
        super().__init__(name, cls, other)
        self.name, self.cls, self.other = name, cls, other

    def __str__(self) -> str:
        first, second = self.other.__qualname__, self.cls.__qualname__
        return f"the name {self.name!r} is {first}'s already; {second} needs another"


class BadType(HarkError):
    """A notification class cannot work as it is written."""


class NotSerializable(HarkError):
    """A notification holds a value that cannot be stored as a fact."""

    def __init__(self, field: str, value: object, reason: str = "") -> None:
        super().__init__(field, value, reason)
        self.field, self.value, self.reason = field, value, reason

    def __str__(self) -> str:
        if self.reason:
            return f"{self.field} {self.reason}"
        kind = type(self.value).__name__
        return (
            f"{self.field} holds a {kind}, which cannot be stored; use saved model instances, "
            "text, numbers, booleans, None, dates, times, UUIDs, decimals, and lists or dicts of "
            "these"
        )


class TooLarge(HarkError):
    """A notification's facts, or a publication, exceed what may be sent."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(what, size, limit)
        self.what, self.size, self.limit = what, size, limit

    def __str__(self) -> str:
        return f"{self.what} takes {self.size:,} bytes; at most {self.limit:,} are allowed"


class BadKey(HarkError):
    """An idempotency key does not fit the column that holds it."""

    def __init__(self, key: object, limit: int) -> None:
        super().__init__(key, limit)
        self.key, self.limit = key, limit

    def __str__(self) -> str:
        return f"a key is text of at most {self.limit} characters, no NUL; got {self.key!r:.300}"


class UnknownOptions(HarkError):
    """The `HARK` setting has entries that Hark does not know."""

    def __init__(self, names: Collection[str], known: Collection[str]) -> None:
        super().__init__(names, known)
        self.names, self.known = names, known

    def __str__(self) -> str:
        return f"unknown: {', '.join(sorted(self.names))}; known: {', '.join(sorted(self.known))}"


class UnknownNamespace(HarkError):
    """Nobody declared who may listen to the channels of a namespace."""

    def __init__(self, namespace: str, known: Collection[str]) -> None:
        super().__init__(namespace, known)
        self.namespace, self.known = namespace, known

    def __str__(self) -> str:
        known = ", ".join(self.known) or "none"
        return (
            f"nobody declared who may listen to {self.namespace}:…: decorate a function of user "
            f'and key with @channel("{self.namespace}"), in a module that every process imports, '
            f"such as an application's notifications.py; declared: {known}"
        )


class BadChannel(HarkError):
    """A channel's name is not `namespace:key`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"{self.name[:80]!r} names no channel: write namespace:key, each of letters, digits, "
            "hyphens and underscores, 200 characters in all, not ending in -pnpres"
        )
