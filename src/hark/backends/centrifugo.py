"""Hark's gateway, or a Centrifugo server or cluster."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import httpx
import jwt

from hark.backends.base import (
    Backend,
    ConnectInfo,
    Misconfigured,
    Publication,
    Refused,
    Revocation,
    Unavailable,
)
from hark.backends.server_api import METHOD_NOT_FOUND, ApiError, ServerApi
from hark.channels import Channel
from hark.conf import settings

UNKNOWN_CHANNEL = 102

# Server API errors that say something is wrong with the message, not with the server:
# unknown channel, bad request, not available for this channel.
REFUSALS = {UNKNOWN_CHANNEL, 107, 108}

MAX_CALL_BYTES = 4 * 1024 * 1024

# "State invalidated": the SDK drops its token and asks Django for another before it comes back.
DISCONNECT = {"code": 3014, "reason": "session ended"}
RESTORED_AT_ONCE = 1000

WEBSOCKET_PATH = "/connection/websocket"
"""Where the gateway and Centrifugo have it unless told otherwise, with other transports beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A way to connect, named as the `centrifuge` SDK names it."""

    transport: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CentrifugoConnectInfo(ConnectInfo):
    """How the `centrifuge` SDK connects: by the first transport that the network lets through.

    `emulation_endpoint` takes the commands of those that are not a WebSocket.
    """

    url: str
    transports: list[Transport]
    emulation_endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CentrifugoOptions:
    """HARK["OPTIONS"] for this backend."""

    api_url: str
    """The server API, such as "http://127.0.0.1:8001/api"."""

    api_key: str
    """What the server API wants to see in X-API-Key."""

    token_secret: str
    """Signs tokens with HS256; at least 32 bytes."""

    url: str
    """Where browsers connect, such as "ws://127.0.0.1:8001/connection/websocket". With this ending,
    HTTP streaming and SSE are known too, for networks that block WebSocket."""

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        if absent := [name for name, value in given.items() if not isinstance(value, str)]:
            raise Misconfigured(
                "; ".join(f"HARK['OPTIONS']['{name}'] must be text" for name in absent)
            )
        wrong = {
            "api_url": not _is_address(self.api_url, "http", "https"),
            "api_key": not _is_header(self.api_key),
            "token_secret": len(self.token_secret.encode()) < 32,
            "url": not _is_address(self.url, "ws", "wss"),
        }
        rules = {
            "api_url": "must be an http or https address",
            "api_key": "must be plain ASCII, not empty and without blanks around it",
            "token_secret": "must have 32 bytes or more; make one with `openssl rand -hex 32`",
            "url": "must be a ws or wss address",
        }
        if faults := [f"HARK['OPTIONS']['{name}'] {rules[name]}" for name in wrong if wrong[name]]:
            raise Misconfigured("; ".join(faults))


class CentrifugoBackend(Backend):
    """Hark's gateway, or a Centrifugo server or cluster."""

    name = "centrifugo"
    max_bytes = 64 * 1024

    def __init__(self, options: Mapping[str, Any], *, timeout: float) -> None:
        try:
            self._options = CentrifugoOptions(**options)
        except TypeError as error:
            wanted = ", ".join(CentrifugoOptions.__dataclass_fields__)
            raise Misconfigured(f"HARK['OPTIONS'] needs {wanted}: {error}") from error
        self._api = ServerApi(self._options.api_url, self._options.api_key, timeout=timeout)

    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        return [outcome for part in _parts(publications) for outcome in self._publish(part)]

    def _publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        return [_refusal(error) for error in self._api.batch([_command(e) for e in publications])]

    def disconnect(self, user_id: str) -> None:
        whom = {"user": user_id}
        self._revoke(whom, {"disconnect": whom | {"disconnect": DISCONNECT}})

    def unsubscribe(self, user_id: str, channel: Channel) -> None:
        what = {"user": user_id, "channel": str(channel)}
        self._revoke(what, {"unsubscribe": what})

    def _revoke(self, what: Mapping[str, str], *commands: Mapping[str, Any]) -> None:
        forgotten_at = math.ceil(time.time()) + (settings().TOKEN_TTL or self.token_ttl)
        invalidate = {"invalidate_user_tokens": {**what, "expire_at": forgotten_at}}
        for error in self._api.batch([json.dumps(each) for each in (invalidate, *commands)]):
            # Centrifugo without its PRO part cannot revoke: there tokens live on until they expire.
            if error and error.code != METHOD_NOT_FOUND:
                raise Unavailable(str(error))

    def connect_info(
        self, user_id: str, channels: Sequence[Channel], *, expires_at: datetime
    ) -> CentrifugoConnectInfo:
        names = [str(channel) for channel in channels]
        return CentrifugoConnectInfo(
            backend=self.name,
            token=self._token(user_id, expires_at, channels=names),
            expires_at=expires_at,
            channels=names,
            url=self._options.url,
            transports=_transports(self._options.url),
            emulation_endpoint=_beside(self._options.url, "/emulation") or "",
        )

    def subscription(self, user_id: str, channel: Channel, *, expires_at: datetime) -> str:
        return self._token(user_id, expires_at, channel=str(channel))

    def instance(self) -> str:
        return self._api.restore([], complete=False)

    def restore(self, revocations: Sequence[Revocation]) -> None:
        told = [
            {
                "user": each.user_id,
                "channel": str(each.channel or ""),
                "issued_before": each.issued_before.timestamp(),
                "expire_at": each.expires_at.timestamp(),
            }
            for each in revocations
        ]
        for start in range(0, len(told), RESTORED_AT_ONCE):
            self._api.restore(told[start : start + RESTORED_AT_ONCE], complete=False)
        self._api.restore([], complete=True)

    def unknown(self, namespaces: Sequence[str]) -> list[str]:
        asked = [f'{{"presence_stats":{{"channel":"{each}:0"}}}}' for each in namespaces]
        return [
            name
            for name, error in zip(namespaces, self._api.batch(asked), strict=True)
            if error is not None and error.code == UNKNOWN_CHANNEL
        ]

    def close(self) -> None:
        self._api.close()

    def ping(self) -> str:
        return ", ".join(self._api.nodes())

    def _token(self, user_id: str, expires_at: datetime, **claims: Any) -> str:
        # To the fraction: who signs in again within a second must not seem to have come before.
        issued_at = time.time()
        payload = {"sub": user_id, "iat": issued_at, "exp": expires_at, **claims}
        return jwt.encode(payload, self._options.token_secret, algorithm="HS256")


def _transports(url: str) -> list[Transport]:
    """Return the ways to connect, the best first."""
    known = {
        "websocket": url,
        "http_stream": _beside(url, "/connection/http_stream"),
        "sse": _beside(url, "/connection/sse"),
    }
    return [Transport(transport=name, endpoint=each) for name, each in known.items() if each]


def _beside(url: str, path: str) -> str | None:
    """Return where a server answers on `path` that has its WebSocket at `url`; None if unknown."""
    base = url.removesuffix(WEBSOCKET_PATH)
    return None if base == url else base.replace("ws", "http", 1) + path


def _command(publication: Publication) -> str:
    """Return a call of the server API that publishes it, as JSON."""
    channel = json.dumps(str(publication.channel))
    unkept = ',"skip_history":true' if publication.ephemeral else ""
    return f'{{"publish":{{"channel":{channel},"data":{publication.text}{unkept}}}}}'


def _parts(publications: Sequence[Publication]) -> Iterator[list[Publication]]:
    """Cut into calls that every server takes, whatever the size of single publications."""
    part: list[Publication] = []
    size = 0
    for each in publications:
        if part and size + each.size > MAX_CALL_BYTES:
            yield part
            part, size = [], 0
        part.append(each)
        size += each.size
    if part:
        yield part


def _refusal(error: ApiError | None) -> Refused | None:
    if error is None:
        return None
    text = str(error)
    if error.code == UNKNOWN_CHANNEL:
        text += " (add its namespace to channel.namespaces of the server, and restart that)"
    if error.code in REFUSALS:
        return Refused(text)
    raise Unavailable(text)


def _is_address(url: str, *schemes: str) -> bool:
    """Tell whether it has one of these schemes, a host, and no impossible port."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in schemes and bool(parsed.host) and 0 < (parsed.port or 1) < 65_536


def _is_header(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable() and value == value.strip()
