"""Options of the Centrifuge protocol's transports and of the Centrifugo server API."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiOptions:
    """The server API."""

    disabled: bool = False
    """Do not answer on it."""
    key: str = ""
    """What callers show in X-API-Key. Without a key nobody may call."""
    insecure: bool = False
    """Ask for no key. For development only."""
    handler_prefix: str = "/api"
    """Path of the API."""
    error_mode: str = ""
    """"transport" answers errors with an HTTP status; otherwise it is always 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketOptions:
    """The WebSocket transport."""

    disabled: bool = False
    """Do not answer on it."""
    handler_prefix: str = "/connection/websocket"
    """Path of the endpoint."""
    message_size_limit: int = 65_536
    """Longest message from a client, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStreamOptions:
    """HTTP streaming, which the SDKs fall back to."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/connection/http_stream"
    """Path of the endpoint."""
    max_request_body_size: int = 65_536
    """Longest connect command, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SseOptions:
    """Server-sent events, which the SDKs fall back to."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/connection/sse"
    """Path of the endpoint."""
    max_request_body_size: int = 65_536
    """Longest connect command, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulationOptions:
    """Where clients of both fallbacks send their commands."""

    handler_prefix: str = "/emulation"
    """Path of the endpoint."""
    max_request_body_size: int = 65_536
    """Longest request, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniSseOptions:
    """Server-sent events for a bare EventSource, without an SDK."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/connection/uni_sse"
    """Path of the endpoint."""
    max_request_body_size: int = 65_536
    """Longest connect request, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniHttpStreamOptions:
    """A stream of lines for curl and the like."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/connection/uni_http_stream"
    """Path of the endpoint."""
    max_request_body_size: int = 65_536
    """Longest connect request, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniWebSocketOptions:
    """A WebSocket on which only the server speaks, without an SDK."""

    enabled: bool = False
    """Answer on it."""
    handler_prefix: str = "/connection/uni_websocket"
    """Path of the endpoint."""
    message_size_limit: int = 65_536
    """Longest connect request, in bytes."""


@dataclass(frozen=True, kw_only=True)
class CentrifugeSections:
    """Sections of the configuration that are this protocol's."""

    http_api: HttpApiOptions = field(default_factory=HttpApiOptions)
    """Server API."""
    websocket: WebSocketOptions = field(default_factory=WebSocketOptions)
    """WebSocket transport."""
    http_stream: HttpStreamOptions = field(default_factory=HttpStreamOptions)
    """HTTP streaming."""
    sse: SseOptions = field(default_factory=SseOptions)
    """Server-sent events."""
    emulation: EmulationOptions = field(default_factory=EmulationOptions)
    """Commands of clients on HTTP streaming and server-sent events."""
    uni_sse: UniSseOptions = field(default_factory=UniSseOptions)
    """Server-sent events without an SDK."""
    uni_http_stream: UniHttpStreamOptions = field(default_factory=UniHttpStreamOptions)
    """HTTP streaming without an SDK."""
    uni_websocket: UniWebSocketOptions = field(default_factory=UniWebSocketOptions)
    """WebSocket without an SDK."""
