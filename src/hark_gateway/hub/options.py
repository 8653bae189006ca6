"""What a channel does, by its namespace. Names and their meaning are Centrifugo's (version 6)."""

from dataclasses import dataclass, field
from typing import Annotated

from .errors import BadRequest, UnknownChannel

Seconds = Annotated[float, "duration"]
"""A duration; configuration files write "300ms", "25s", "10m", "24h"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOptions:
    """Options of all channels in one namespace."""

    presence: bool = False
    """Let it be asked who is subscribed."""
    join_leave: bool = False
    """Tell subscribers who comes and goes."""
    force_push_join_leave: bool = False
    """Tell every subscriber, not only those who asked."""
    history_size: int = 0
    """Publications kept, at most; 0 keeps none."""
    history_ttl: Seconds = 0
    """How long after the last publication all of them are kept."""
    history_meta_ttl: Seconds = 0
    """How long offsets go on counting after the last use; 0 means channel.history_meta_ttl."""
    force_positioning: bool = False
    """Give every subscriber its position in the stream."""
    allow_positioning: bool = False
    """Give a position to subscribers who ask."""
    force_recovery: bool = False
    """Let every subscriber fetch what it missed."""
    allow_recovery: bool = False
    """Let subscribers who ask fetch what they missed."""
    force_recovery_mode: str = "stream"
    """"stream" recovers all that was missed, "cache" the latest publication alone."""
    auto_cache_recover: bool = False
    """In cache mode, hand every new subscriber the latest publication."""
    allow_subscribe_for_client: bool = False
    """Named users may subscribe without a subscription token."""
    allow_subscribe_for_anonymous: bool = False
    """Extend allow_subscribe_for_client to anonymous users."""
    allow_publish_for_client: bool = False
    """Named users may publish."""
    allow_publish_for_subscriber: bool = False
    """Subscribers may publish."""
    allow_publish_for_anonymous: bool = False
    """Extend the two options above to anonymous users."""
    allow_presence_for_client: bool = False
    """Named users may ask for presence."""
    allow_presence_for_subscriber: bool = False
    """Subscribers may ask for presence."""
    allow_presence_for_anonymous: bool = False
    """Extend the two options above to anonymous users."""
    allow_history_for_client: bool = False
    """Named users may read history."""
    allow_history_for_subscriber: bool = False
    """Subscribers may read history."""
    allow_history_for_anonymous: bool = False
    """Extend the two options above to anonymous users."""
    allow_user_limited_channels: bool = False
    """In `dialog#42,43` admit users 42 and 43 and no others."""
    channel_regex: str = ""
    """What the part of the name after the namespace must match; empty admits any ASCII."""

    @property
    def keeps_history(self) -> bool:
        return self.history_size > 0 and self.history_ttl > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceOptions(ChannelOptions):
    """A namespace: a name, and the options of its channels."""

    name: str
    """The part of a channel's name before the boundary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherNamespaces(ChannelOptions):
    """Namespaces that are not listed: for applications that declare theirs while this runs."""

    enabled: bool = False
    """Let them exist, with these options; otherwise their channels are unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """All namespaces, and how a channel's name leads to one."""

    without_namespace: ChannelOptions = field(default_factory=ChannelOptions)
    """Options of channels that name no namespace."""
    namespaces: tuple[NamespaceOptions, ...] = ()
    """The namespaces that exist."""
    other_namespaces: OtherNamespaces = field(default_factory=OtherNamespaces)
    """Namespaces that are not listed."""
    history_meta_ttl: Seconds = 720 * 3600
    """How long offsets go on counting after a channel's last use."""
    max_length: int = 255
    """Longest name of a channel, in bytes."""
    namespace_boundary: str = ":"
    """Ends the namespace in a channel's name."""
    private_prefix: str = "$"
    """Begins the name of channels which need a subscription token."""
    user_boundary: str = "#"
    """Begins the list of users in a user-limited channel's name."""
    user_separator: str = ","
    """Stands between those users."""


class Namespaces:
    """Finds the options of a channel by its name."""

    def __init__(self, rules: ChannelRules) -> None:
        self.rules = rules
        self._named = {namespace.name: namespace for namespace in rules.namespaces}
        self._others = rules.other_namespaces if rules.other_namespaces.enabled else None

    def options_for(self, channel: str) -> ChannelOptions:
        """Return the options of `channel`.

        Raises:
            BadRequest: The name is empty, too long or not allowed.
            UnknownChannel: Its namespace is not configured.
        """
        rules = self.rules
        size = len(channel) if channel.isascii() else len(channel.encode())
        if not 0 < size <= rules.max_length:
            raise BadRequest(f"a channel's name has 1 to {rules.max_length} bytes")
        head, boundary, _ = channel.partition(rules.namespace_boundary)
        if not boundary:
            return rules.without_namespace
        options = self._named.get(head.removeprefix(rules.private_prefix), self._others)
        if options is None:
            raise UnknownChannel(f"no such namespace is configured: channel {channel!r}")
        return options

    def users_of(self, channel: str) -> list[str] | None:
        """Return the users that a user-limited channel's name lists; None for other channels."""
        _, boundary, users = channel.rpartition(self.rules.user_boundary)
        return users.split(self.rules.user_separator) if boundary else None

    def is_private(self, channel: str) -> bool:
        prefix = self.rules.private_prefix
        return bool(prefix) and channel.startswith(prefix)
