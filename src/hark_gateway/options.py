"""The server's own options, which hold whatever protocol a client speaks.

Names and meaning are Centrifugo's (version 6). A protocol's options are in its own package.
"""

from dataclasses import dataclass, field

from .auth import TokenOptions
from .hub.options import ChannelRules, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTokenOptions(TokenOptions):
    """Keys of subscription tokens, if they differ from those of connection tokens."""

    enabled: bool = False
    """Use the keys given here; otherwise those of client.token serve for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalChannelOptions:
    """A channel of one's own, to which every named user is subscribed on connecting."""

    enabled: bool = False
    """Subscribe named users to `#<user>`."""
    personal_channel_namespace: str = ""
    """Put that channel into a namespace: `<namespace>:#<user>`."""
    single_connection: bool = False
    """Let a user's new connection end the older ones, with 3504."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What holds for every client connection."""

    allowed_origins: tuple[str, ...] = ()
    """Origins of pages that may connect; `*` stands for any part. Empty refuses all pages."""
    token: TokenOptions = field(default_factory=TokenOptions)
    """Connection tokens, and subscription tokens unless they have keys of their own."""
    subscription_token: SubscriptionTokenOptions = field(default_factory=SubscriptionTokenOptions)
    """Subscription tokens."""
    await_revocations: bool = False
    """After a start, refuse tokens issued before it, until the application has told which were
    revoked; clients ask for new ones. `manage.py hark gateway` runs with it; not Centrifugo's."""
    allow_anonymous_connect_without_token: bool = False
    """Let clients without a token connect as the anonymous user."""
    disallow_anonymous_connection_tokens: bool = False
    """Refuse tokens which name no user."""
    user_id_http_header: str = ""
    """Believe this request header, set by a proxy in front, to name the user."""
    insecure: bool = False
    """Let everyone do everything. For development only."""
    subscribe_to_user_personal_channel: PersonalChannelOptions = field(
        default_factory=PersonalChannelOptions
    )
    """A channel for each user."""
    ping_interval: Seconds = 25
    """Between pings to a client; whole seconds, since clients are told."""
    pong_timeout: Seconds = 8
    """How long an answer to a ping may take; less than the interval."""
    stale_close_delay: Seconds = 10
    """How long a client may take to send connect."""
    expired_close_delay: Seconds = 25
    """How long after its expiry a connection may still be refreshed."""
    expired_sub_close_delay: Seconds = 25
    """How long after its expiry a subscription may still be refreshed."""
    channel_limit: int = 128
    """Subscriptions per connection."""
    queue_max_size: int = 1_048_576
    """Bytes a client may leave unread."""
    user_connection_limit: int = 0
    """Connections per named user; 0 for any number."""
    connection_limit: int = 0
    """Connections in all; 0 for as many as the open-file limit allows."""
    history_max_publication_limit: int = 300
    """Publications per page of history."""
    recovery_max_publication_limit: int = 300
    """Publications recovered at most; who missed more starts afresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServerOptions:
    """Where the server listens."""

    address: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: int = 8001
    """Port to listen on; 0 for any free one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthOptions:
    """A page for whoever watches the server."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/health"
    """Its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusOptions:
    """Figures for whoever watches many servers."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/metrics"
    """Path of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """Logging, to standard error."""

    level: str = "info"
    """From which level on: trace, debug, info, warn, error, fatal or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """The server itself."""

    name: str = ""
    """What it is called in the answers of the server API; the host's name when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownOptions:
    """How the server stops."""

    timeout: Seconds = 8.0
    """How long clients are given to go before they are cut off."""


@dataclass(frozen=True, kw_only=True)
class ServerSections:
    """Sections of the configuration that the server has whatever it speaks."""

    client: ClientOptions = field(default_factory=ClientOptions)
    """Client connections."""
    channel: ChannelRules = field(default_factory=ChannelRules)
    """Channels and namespaces."""
    log: LogOptions = field(default_factory=LogOptions)
    """Logging."""
    node: NodeOptions = field(default_factory=NodeOptions)
    """The server itself."""
    shutdown: ShutdownOptions = field(default_factory=ShutdownOptions)
    """Stopping."""
    http_server: HttpServerOptions = field(default_factory=HttpServerOptions)
    """Address and port."""
