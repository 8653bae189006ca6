"""A device's line to the realtime server: one class for each protocol."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from centrifuge import Client, ClientEventHandler, ClientState

LONGEST_PAUSE = 4.0
"""Seconds between attempts, at most; the SDK's own default of 20 s would only lengthen the run."""
POLL_SECONDS = 330.0
"""Longer than any server holds a poll."""


class Hearer(ABC):
    """Whoever is at our end of a line."""

    @abstractmethod
    def connected(self) -> None:
        """From now on everything is heard."""

    @abstractmethod
    def heard(self, push: dict[str, Any]) -> None:
        """Take in one push."""

    @abstractmethod
    async def token(self) -> str:
        """Return a new token."""


class Line(ABC):
    """One line.

    Args:
        info: What Django answered to `connect/`.
    """

    def __init__(self, info: Mapping[str, Any], hearer: Hearer) -> None:
        self._info = info
        self._hearer = hearer

    @property
    @abstractmethod
    def is_connected(self) -> bool: ...

    @abstractmethod
    async def hold(self) -> None:
        """Connect and listen; return when there is nothing left but to begin anew."""

    @abstractmethod
    async def close(self) -> None:
        """Hang up, whatever became of `hold`."""


class CentrifugeLine(Line):
    """The official SDK, which connects again by itself."""

    _client: Client | None = None

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.state is ClientState.CONNECTED

    async def hold(self) -> None:
        ended = asyncio.Event()
        self._client = Client(
            self._info["url"],
            events=_Events(self._hearer, ended),
            token=self._info["token"],
            get_token=self._hearer.token,
            max_reconnect_delay=LONGEST_PAUSE,
            proxy=None,
        )
        await self._client.connect()
        await ended.wait()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.disconnect()


class _Events(ClientEventHandler):
    """What the SDK tells."""

    def __init__(self, hearer: Hearer, ended: asyncio.Event) -> None:
        self._hearer = hearer
        self._ended = ended

    async def on_connected(self, ctx: Any) -> None:
        self._hearer.connected()

    async def on_publication(self, ctx: Any) -> None:
        self._hearer.heard(ctx.pub.data)

    async def on_disconnected(self, ctx: Any) -> None:
        self._ended.set()


class PubNubLine(Line):
    """PubNub's long polls, bare: its SDK for Python would take four threads for each device.

    Any failure ends the line, as in web/src/inbox/realtime/pubnub.ts.
    """

    is_connected = False

    async def hold(self) -> None:
        async with httpx.AsyncClient(timeout=POLL_SECONDS, trust_env=False) as http:
            try:
                await self._listen(http)
            except (httpx.HTTPError, ValueError):
                return
            finally:
                self.is_connected = False

    async def close(self) -> None:
        """Its one request ended with `hold`."""

    async def _listen(self, http: httpx.AsyncClient) -> None:
        info = self._info
        channels = ",".join(info["channels"])
        url = f"http://{info['origin']}/v2/subscribe/{info['subscribe_key']}/{channels}/0"
        cursor = {"tt": "0"}
        while True:
            about = {"uuid": info["user_id"], "auth": info["token"]}
            answer = (await http.get(url, params=cursor | about)).raise_for_status().json()
            for message in answer["m"]:
                self._hearer.heard(message["d"])
            cursor = {"tt": answer["t"]["t"], "tr": str(answer["t"]["r"])}
            if not self.is_connected:
                self.is_connected = True
                self._hearer.connected()


LINES: Mapping[str, Callable[[Mapping[str, Any], Hearer], Line]] = {
    "centrifugo": CentrifugeLine,
    "pubnub": PubNubLine,
}
