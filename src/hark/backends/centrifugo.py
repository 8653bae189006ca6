"""Centrifugo's server API, which Hark's own gateway speaks as well; through the official client."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import requests
from cent import CentError, Client, InfoRequest
from cent.dto import BatchRequest, BatchResult, Response
from cent.exceptions import (
    CentApiResponseError,
    CentDecodeError,
    CentTransportError,
    CentUnauthorizedError,
)
from django.utils import timezone

from hark.backends.base import (
    Backend,
    ConnectInfo,
    Misconfigured,
    Publication,
    Refused,
    Unavailable,
)
from hark.channels import Channel
from hark.conf import settings

# Server API errors that say something is wrong with the message, not with the server:
# unknown channel, bad request, not available for this channel.
REFUSALS = {102, 107, 108}

MAX_CALL_BYTES = 4 * 1024 * 1024

# "State invalidated": the SDK drops its token and asks Django for another before it comes back.
DISCONNECT = {"code": 3014, "reason": "session ended"}
METHOD_NOT_FOUND = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class CentrifugoConnectInfo(ConnectInfo):
    url: str


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
    """Where browsers connect, such as "ws://127.0.0.1:8001/connection/websocket"."""

    def __post_init__(self) -> None:
        wrong = {
            "api_url": not self.api_url.startswith(("http://", "https://")),
            "api_key": not self.api_key,
            "token_secret": len(self.token_secret.encode()) < 32,
            "url": not self.url.startswith(("ws://", "wss://")),
        }
        rules = {
            "api_url": "must be an http or https address",
            "api_key": "must not be empty",
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
        session = _Session()
        session.trust_env = False  # a proxy meant for the internet does not know the gateway
        api_url = self._options.api_url.rstrip("/")
        self._client = Client(api_url, self._options.api_key, timeout=timeout, session=session)

    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        return [outcome for part in _parts(publications) for outcome in self._publish(part)]

    def _publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        commands = [
            f'{{"publish":{{"channel":{json.dumps(str(each.channel))},"data":{each.text}}}}}'
            for each in publications
        ]
        return [_refusal(reply) for reply in self._batch(commands)]

    def _batch(self, commands: Sequence[str]) -> list[Any]:
        """Return a reply to each command, which is given as JSON."""
        request = _Batch(requests=list(commands))
        replies: list[Any] = self._call(lambda: self._client.batch(request)).replies
        if len(replies) != len(commands):
            raise Unavailable(f"{len(replies)} replies to {len(commands)} commands")
        return replies

    def disconnect(self, user_id: str) -> None:
        forgotten_at = math.ceil(time.time()) + settings().TOKEN_TTL
        commands: list[Mapping[str, Any]] = [
            {"invalidate_user_tokens": {"user": user_id, "expire_at": forgotten_at}},
            {"disconnect": {"user": user_id, "disconnect": DISCONNECT}},
        ]
        for reply in self._batch([json.dumps(each) for each in commands]):
            # Centrifugo without its PRO part cannot revoke: there tokens live on until they expire.
            if (error := reply.get("error")) and error.get("code") != METHOD_NOT_FOUND:
                raise Unavailable(f"{error.get('code')}: {error.get('message')}")

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
        )

    def subscription(self, user_id: str, channel: Channel, *, expires_at: datetime) -> str:
        return self._token(user_id, expires_at, channel=str(channel))

    def close(self) -> None:
        self._client.close()

    def ping(self) -> str:
        nodes = self._call(lambda: self._client.info(InfoRequest())).nodes
        return ", ".join(f"{node.name} {node.version}".strip() for node in nodes)

    def _token(self, user_id: str, expires_at: datetime, **claims: Any) -> str:
        # To the fraction: who signs in again within a second must not seem to have come before.
        issued_at = timezone.now().timestamp()
        payload = {"sub": user_id, "iat": issued_at, "exp": expires_at, **claims}
        return jwt.encode(payload, self._options.token_secret, algorithm="HS256")

    def _call(self, call: Any) -> Any:
        try:
            return call()
        except CentUnauthorizedError as error:
            raise Misconfigured("it refuses HARK['OPTIONS']['api_key']") from error
        except CentTransportError as error:
            # A server that is starting or overloaded says 5xx or 429; anything else is no server
            # API at all.
            if error.status_code >= 500 or error.status_code in (408, 429):
                raise Unavailable(str(error)) from error
            text = f"HTTP {error.status_code} from {self._options.api_url}: is it the server API?"
            raise Misconfigured(text) from error
        except (CentError, requests.RequestException) as error:
            raise Unavailable(str(error)) from error


class _Session(requests.Session):
    """Sends text as it is; the library hands over whatever a request has for a payload."""

    def post(self, url: Any, data: Any = None, json: Any = None, **kwargs: Any) -> Any:
        if isinstance(json, str):
            headers = {"Content-Type": "application/json"}
            return super().post(url, data=json.encode(), headers=headers, **kwargs)
        return super().post(url, data=data, json=json, **kwargs)


class _Batch(BatchRequest):
    """Commands that are JSON text already, whose errors are replies of their own.

    The library's own request validates each command and reply with a model built for it, which
    costs more than all the rest of a delivery, and raises KeyError where one command failed.
    """

    @property
    def api_payload(self) -> Any:
        return f'{{"commands":[{",".join(self.requests)}],"parallel":false}}'

    def parse_response(self, content: str) -> Response[Any]:
        try:
            answer = json.loads(content)
            if "error" in answer:
                raise CentApiResponseError(**answer["error"])
            replies = list(answer["replies"])
        except (ValueError, KeyError, TypeError) as error:
            raise CentDecodeError from error
        result = BatchResult.model_construct(replies=replies)
        return Response.model_construct(error=None, result=result)


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


def _refusal(reply: Mapping[str, Any]) -> Refused | None:
    error = reply.get("error")
    if error is None:
        return None
    if error.get("code") in REFUSALS:
        return Refused(f"{error.get('code')}: {error.get('message')}")
    raise Unavailable(f"{error.get('code')}: {error.get('message')}")
