"""Channels: named streams, which each backend spells in its own way."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hark.exceptions import BadChannel, UnknownNamespace

INBOX = "inbox"
MAX_LENGTH = 200
MAX_INBOX_KEY = 80
"""Characters; PubNub allows 92 for the whole name of a channel."""

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]+")  # Centrifugo takes no single letter
_KEY = re.compile(r"[A-Za-z0-9_~-]+")
_UNSPELLABLE = re.compile(rb"[^A-Za-z0-9_-]|-(?=pnpres\Z)")
_PRESENCE = "-pnpres"  # to PubNub, a channel of that name is who is present in the one before it


@dataclass(frozen=True, slots=True)
class Channel:
    """A namespace and a key, both made of letters, digits, hyphens and underscores.

    A key may have tildes as well, and begin with a hyphen, as negative numbers do.

    Raises:
        BadChannel: It is not, is too long, or ends in "-pnpres", which PubNub keeps for itself.
    """

    namespace: str
    key: str

    def __post_init__(self) -> None:
        good = _PART.fullmatch(self.namespace) and _KEY.fullmatch(self.key)
        too_long = len(self.namespace) + len(self.key) >= MAX_LENGTH
        if not good or too_long or self.key.endswith(_PRESENCE):
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


Policy = Callable[[Any, str], bool]

_policies: dict[str, Policy] = {}


def channel(namespace: str) -> Callable[[Policy], Policy]:
    """Say who may listen to the channels of a namespace: the decorated function of user and key.

    It is asked when a client wants a subscription token, and never by the gateway. The client chose
    the key: where the function raises, as at one that is no number, nobody is admitted.

        @channel("post")
        def may_read(user, key):
            return Post.objects.visible_to(user).filter(pk=key).exists()

    Raises:
        BadChannel: The namespace is taken, or is no word of two or more letters, digits, hyphens,
            underscores.
    """
    if namespace == INBOX or not _NAMESPACE.fullmatch(namespace):
        raise BadChannel(namespace)

    def decorate(policy: Policy) -> Policy:
        if _policies.setdefault(namespace, policy) is not policy:
            raise BadChannel(namespace)
        return policy

    return decorate


def may_listen(user: Any, to: Channel) -> bool:
    """Return whether the namespace's policy admits this user; without a policy nobody may."""
    policy = _policies.get(to.namespace)
    return policy is not None and policy(user, to.key)


def application_channel(given: Channel | str) -> Channel:
    """Return the channel that an application names, which must be one of its own.

    Raises:
        BadChannel: The name is none, or is an inbox.
        UnknownNamespace: Nobody declared who may listen.
    """
    to = given if isinstance(given, Channel) else Channel.parse(given)
    if to.namespace == INBOX:
        raise BadChannel(str(to))
    if to.namespace not in _policies:
        raise UnknownNamespace(to.namespace, namespaces())
    return to


def namespaces() -> list[str]:
    """Return every namespace that has a policy, sorted."""
    return sorted(_policies)


def inbox_of(user_id: Any) -> Channel:
    """Return the channel that the screens of one user listen to, whatever their primary key is.

    What no channel can spell is written as a tilde and two hexadecimal digits for each byte of its
    UTF-8: `bob@example.com` is `bob~40example~2ecom`. A key that is too long even so is told by its
    SHA-256, after two tildes.
    """
    plain = str(user_id).encode(errors="surrogatepass")
    key = _UNSPELLABLE.sub(lambda odd: b"~%02x" % ord(odd[0]), plain).decode() or "~"
    return Channel(INBOX, key if len(key) <= MAX_INBOX_KEY else f"~~{sha256(plain).hexdigest()}")
