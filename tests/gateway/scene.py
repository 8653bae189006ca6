"""A real gateway on a free port, and plain clients that say exactly what a test tells them to."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import jwt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hark_gateway.config import Config
from hark_gateway.net.http import Host
from hark_gateway.protocols.centrifuge.door import Door
from hark_gateway.protocols.centrifuge.protocol import Centrifuge
from hark_gateway.server import Gateway
from hark_gateway.sources import build, check

SECRET = "a secret of at least thirty-two bytes"
KEY = "the key of the server API"
SETTINGS: dict[str, Any] = {
    "client": {"token": {"hmac_secret_key": SECRET}},
    "http_api": {"key": KEY},
    "http_server": {"port": 0},
    "channel": {
        "namespaces": [
            {
                "name": "inbox",
                "history_size": 10,
                "history_ttl": "10m",
                "force_recovery": True,
            },
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
                "history_size": 5,
                "history_ttl": "1m",
                "allow_recovery": True,
                "allow_positioning": True,
                "allow_subscribe_for_client": True,
                "allow_publish_for_client": True,
                "allow_history_for_client": True,
            },
        ]
    },
}


def merged(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return settings with changes; tables are merged, everything else is replaced."""
    both = settings | changes
    for key in settings.keys() & changes.keys():
        if isinstance(settings[key], dict) and isinstance(changes[key], dict):
            both[key] = merged(settings[key], changes[key])
    return both


def configured(kind: type[Config] = Config, /, **changes: Any) -> Config:
    config = build(kind, merged(SETTINGS, changes), "")
    check(config)
    return config


@asynccontextmanager
async def running(kind: type[Config] = Config, /, **changes: Any) -> AsyncIterator[Gateway]:
    """Run a gateway with the scene's settings and these changes."""
    gateway = Gateway(configured(kind, **changes))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


def door_of(gateway: Gateway) -> Door:
    """Return what the gateway knows of clients of the Centrifuge protocol."""
    (centrifuge,) = (each for each in gateway.protocols if isinstance(each, Centrifuge))
    return centrifuge.door


def token(user: str = "ana", *, secret: str = SECRET, **claims: Any) -> str:
    """Return a token for an hour; a claim of None leaves that claim out."""
    stated = {"sub": user, "exp": int(time.time()) + 3600} | claims
    stated = {name: value for name, value in stated.items() if value is not None}
    return jwt.encode(stated, secret, algorithm="HS256")


class Client:
    """A client of the Centrifuge protocol that keeps nothing back and adds nothing."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received: list[dict[str, Any]] = []
        self._number = 0

    async def send(self, *commands: Any) -> None:
        """Send commands in one message; text goes as it is."""
        lines = [each if isinstance(each, str) else json.dumps(each) for each in commands]
        await self.socket.send("\n".join(lines))

    async def receive(self) -> dict[str, Any]:
        """Return the next message."""
        if not self.received:
            text = await self.socket.recv()
            self.received = [json.loads(line) for line in str(text).split("\n")]
        return self.received.pop(0)

    async def ask(self, method: str, /, **request: Any) -> dict[str, Any]:
        """Send one command and return the very next message, which must be its reply."""
        self._number += 1
        await self.send({"id": self._number, method: request})
        reply = await self.receive()
        assert reply.pop("id", None) == self._number, reply
        return reply.get(method) if method in reply else reply  # type: ignore[return-value]

    async def push(self) -> dict[str, Any]:
        """Return the next message, which must be a push."""
        return (await self.receive())["push"]

    async def closed(self) -> tuple[int, str]:
        """Read on until the server closes; return its code and reason."""
        with suppress(ConnectionClosed):
            async for _ in self.socket:
                pass
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


@asynccontextmanager
async def client(gateway: Gateway, query: str = "", **options: Any) -> AsyncIterator[Client]:
    """Open a WebSocket; nothing has been said on it yet."""
    url = f"ws://127.0.0.1:{gateway.port}/connection/websocket{query}"
    async with connect(url, max_size=None, ping_interval=None, **options) as socket:
        yield Client(socket)


@asynccontextmanager
async def connected(
    gateway: Gateway, user: str = "ana", *, subs: Any = None, **claims: Any
) -> AsyncIterator[Client]:
    """Open a WebSocket and connect on it."""
    async with client(gateway) as opened:
        request = {"token": token(user, **claims)} | ({"subs": subs} if subs else {})
        reply = await opened.ask("connect", **request)
        assert "client" in reply, reply
        opened.state = reply  # type: ignore[attr-defined]
        yield opened


class Backend:
    """What the application's backend says over the server API."""

    def __init__(self, gateway: Gateway) -> None:
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{gateway.port}", headers={"X-API-Key": KEY}
        )

    async def call(self, method: str, **request: Any) -> Any:
        """Return the result of a call, or its error."""
        answer = await self.http.post(f"/api/{method}", json=request)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return body.get("result", body)


@asynccontextmanager
async def backend(gateway: Gateway) -> AsyncIterator[Backend]:
    """Open a connection to the server API."""
    opened = Backend(gateway)
    async with opened.http:
        yield opened


async def emptied(host: Host) -> None:
    """Wait until no connection is left."""
    host.draining = True
    if host.connections:
        await host.empty.wait()
    host.draining = False
    host.empty.clear()
