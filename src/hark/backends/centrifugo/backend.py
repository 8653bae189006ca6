"""Hark's gateway, or a Centrifugo server or cluster."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import jwt

from hark.backends.base import (
    Backend,
    Publication,
    Refused,
    Revocation,
    Unavailable,
)
from hark.backends.centrifugo.connect import (
    CentrifugoConnectInfo,
    CentrifugoConnectSerializer,
    beside,
    transports,
)
from hark.backends.centrifugo.options import CentrifugoOptions
from hark.backends.centrifugo.server_api import METHOD_NOT_FOUND, ApiError, ServerApi
from hark.backends.options import read
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


class CentrifugoBackend(Backend):
    """Hark's gateway, or a Centrifugo server or cluster."""

    name = "centrifugo"
    max_bytes = 64 * 1024

    def __init__(self, options: Mapping[str, Any], *, timeout: float) -> None:
        self._options = read(CentrifugoOptions, options)
        self._api = ServerApi(self._options.api_url, self._options.api_key, timeout=timeout)

    @classmethod
    def gateway_environment(cls, options: Mapping[str, Any]) -> dict[str, str]:
        return read(CentrifugoOptions, options).gateway_environment()

    @classmethod
    def connect_serializer(cls) -> type[CentrifugoConnectSerializer]:
        return CentrifugoConnectSerializer

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
            transports=transports(self._options.url),
            emulation_endpoint=beside(self._options.url, "/emulation") or "",
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
