"""`HARK["OPTIONS"]` of `CentrifugoBackend`."""

from dataclasses import dataclass
from typing import Annotated

import httpx

from hark.backends.embedded import listening_at
from hark.backends.options import Rule


def _is_address(url: str, *schemes: str) -> bool:
    """Tell whether it has one of these schemes, a host, and no impossible port."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in schemes and bool(parsed.host) and 0 < (parsed.port or 1) < 65_536


def _is_header(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable() and value == value.strip()


HTTP = Rule(lambda url: _is_address(url, "http", "https"), "must be an http or https address")
WEBSOCKET = Rule(lambda url: _is_address(url, "ws", "wss"), "must be a ws or wss address")
HEADER = Rule(_is_header, "must be plain ASCII, not empty and without blanks around it")
SECRET = Rule(
    lambda secret: len(secret.encode()) >= 32,
    "must have 32 bytes or more; make one with `openssl rand -hex 32`",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentrifugoOptions:
    """HARK["OPTIONS"] for this backend."""

    api_url: Annotated[str, HTTP]
    """The server API, such as "http://127.0.0.1:8001/api"."""

    api_key: Annotated[str, HEADER]
    """What the server API wants to see in X-API-Key."""

    token_secret: Annotated[str, SECRET]
    """Signs tokens with HS256; at least 32 bytes."""

    url: Annotated[str, WEBSOCKET]
    """Where browsers connect, such as "ws://127.0.0.1:8001/connection/websocket". With this ending,
    HTTP streaming and SSE are known too, for networks that block WebSocket."""

    def gateway_environment(self) -> dict[str, str]:
        """Return the variables with which the gateway is the server of these options."""
        return {
            **listening_at(self.api_url),
            "HARK_GATEWAY_HTTP_API_KEY": self.api_key,
            "HARK_GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": self.token_secret,
            # What `connect/` names for networks that block WebSocket.
            "HARK_GATEWAY_HTTP_STREAM_ENABLED": "true",
            "HARK_GATEWAY_SSE_ENABLED": "true",
        }
