"""The scene in which every SDK plays: a gateway with all its doors open, tokens, a cable to cut."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.gateway_process import GatewayProcess

from .cable import Cable

SECRET = "a secret of at least thirty-two bytes"
OTHER_SECRET = "a forger's secret, also thirty-two bytes"
AUDIENCE = "hark"
KEY = "the key of the server API"
PATIENCE = 10.0
"""Seconds after which what has not happened counts as never happening."""

KEPT = {"history_size": 20, "history_ttl": "10m"}
SETTINGS: dict[str, Any] = {
    "client": {
        "allowed_origins": ["http://127.0.0.1:*"],
        "token": {"hmac_secret_key": SECRET, "audience": AUDIENCE},
        "expired_close_delay": "1s",
        "expired_sub_close_delay": "1s",
        "stale_close_delay": "5s",
    },
    "http_api": {"key": KEY},
    "http_stream": {"enabled": True},
    "sse": {"enabled": True},
    "uni_sse": {"enabled": True},
    "channel": {
        "namespaces": [
            {"name": "inbox", **KEPT, "force_recovery": True},
            {"name": "vault", **KEPT, "force_recovery": True},
            {
                "name": "chat",
                "presence": True,
                "join_leave": True,
                "force_push_join_leave": True,
                "allow_subscribe_for_client": True,
                "allow_publish_for_subscriber": True,
                "allow_presence_for_subscriber": True,
            },
            {
                "name": "feed",
                **KEPT,
                "history_size": 5,
                "force_recovery": True,
                "allow_subscribe_for_client": True,
                "allow_publish_for_client": True,
                "allow_history_for_client": True,
            },
            {
                "name": "state",
                "history_size": 1,
                "history_ttl": "10m",
                "force_recovery": True,
                "force_recovery_mode": "cache",
                "allow_subscribe_for_client": True,
            },
            {"name": "dialog", "allow_user_limited_channels": True},
        ]
    },
}
"""What each kind of channel is for:

inbox   given by connection tokens alone
vault   opened by subscription tokens alone
chat    shows who is there and who comes and goes; subscribers publish
feed    keeps five publications, which everybody may read and add to
state   keeps the latest publication for whoever comes (cache recovery)
dialog  open to the users whom its name lists
"""


def sign(claims: dict[str, Any], *, secret: str = SECRET) -> str:
    """Return a token; it lasts an hour and is meant for the gateway unless claims say otherwise.

    A claim of None is left out.
    """
    stated = {"exp": time.time() + 3600, "aud": AUDIENCE} | claims
    stated = {name: value for name, value in stated.items() if value is not None}
    return jwt.encode(stated, secret, algorithm="HS256")


@dataclass
class Scene:
    """What one test has to itself, on a gateway that it shares with others.

    Attributes:
        gateway: The gateway; killing it is felt by this scene's clients alone, since tests run
            one after another.
        cable: What all of this scene's clients are connected by.
        mark: Makes names unlike those of any other scene.
    """

    gateway: GatewayProcess
    cable: Cable
    http: httpx.AsyncClient
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    note_call: Callable[[str, Any], Callable[[Any], None]] = lambda method, request: lambda _: None

    def name(self, name: str) -> str:
        """Return a user's or a channel's name of this scene's own: `chat:tea` → `chat:tea-3f…`."""
        return f"{name}-{self.mark}"

    def token(self, user: str = "ana", *, secret: str = SECRET, **claims: Any) -> str:
        """Return a connection token for one of this scene's users."""
        return sign({"sub": self.name(user)} | claims, secret=secret)

    def subscription_token(
        self, channel: str, user: str = "ana", *, secret: str = SECRET, **claims: Any
    ) -> str:
        """Return a token that opens one channel to one user."""
        return sign({"sub": self.name(user), "channel": channel} | claims, secret=secret)

    async def api(self, method: str, **request: Any) -> Any:
        """Return the result of a call of the server API."""
        note_result = self.note_call(method, request)
        result = await self._call(method, request)
        note_result(result)
        return result

    async def _call(self, method: str, request: dict[str, Any]) -> Any:
        answer = await self.http.post(f"/api/{method}", json=request)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "error" not in body, body
        return body["result"]

    async def publish(self, channel: str, *contents: Any) -> None:
        """Publish as the application's backend."""
        for data in contents:
            await self.api("publish", channel=channel, data=data)

    async def api_batch(self, commands: list[dict[str, Any]]) -> None:
        """Make many calls of the server API in one request; all must succeed."""
        answer = await self.http.post("/api/batch", json={"commands": commands})
        assert answer.status_code == 200, answer.text
        assert not [reply for reply in answer.json()["replies"] if "error" in reply]

    async def until_empty(self, channel: str) -> None:
        """Wait until nobody is present in `channel`; the API can only be asked again."""
        async with asyncio.timeout(PATIENCE):
            while (await self._call("presence_stats", {"channel": channel}))["num_clients"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def unrefreshed_connection_ends(self, expires: float) -> tuple[int, str]:
        """Return how the gateway ends a connection whose token ended at `expires`.

        When it has, a connection of the same age that goes on must have been refreshed.
        """
        async with plain_socket(self.gateway) as socket:
            claims = {"sub": self.name("idler"), "exp": expires}
            await socket.send(json.dumps({"id": 1, "connect": {"token": sign(claims)}}))
            with suppress(ConnectionClosed):
                async for _ in socket:
                    pass
            assert socket.close_code is not None
            return socket.close_code, socket.close_reason or ""

    async def crash_gateway(self) -> None:
        """Kill the gateway and start it again."""
        await asyncio.to_thread(self.gateway.crash_and_return)


@asynccontextmanager
async def plain_socket(gateway: GatewayProcess) -> AsyncIterator[Any]:
    """Open a WebSocket on which nothing has been said."""
    url = f"ws://127.0.0.1:{gateway.port}/connection/websocket"
    async with connect(url, ping_interval=None, proxy=None) as socket:
        yield socket


@asynccontextmanager
async def scene_on(gateway: GatewayProcess) -> AsyncIterator[Scene]:
    """Set a scene, and clear it away."""
    cable = Cable(gateway.port)
    cable.lay()
    headers = {"X-API-Key": KEY}
    try:
        # No connection is kept: one that a killed gateway leaves behind would never be closed.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers, limits=limits) as http:
            yield Scene(gateway, cable, http)
    finally:
        await cable.remove()
