"""Every protocol that the gateway speaks, driven by the same few words.

To let a protocol join, write a driver here and add it to `DRIVERS`; every case of the suite then
runs on it, unless the case says why it cannot.
"""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Literal

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from hark_gateway.protocols.pubnub import signature, tokens
from hark_gateway.server import Gateway
from tests.gateway.pubnub.scene import string_to_sign
from tests.gateway.scene import Client, backend, client, token

Credentials = Literal["forged", "expired", "foreign"]


class Listener(ABC):
    """One client that listens to one channel."""

    @abstractmethod
    async def receive(self) -> Any:
        """Return the payload of the next publication."""

    @property
    @abstractmethod
    def position(self) -> Any:
        """Where this client stands, in its protocol's own terms; `listening` takes it back."""


class Driver(ABC):
    """One protocol. Channels are given as the hub names them; a driver spells them its own way."""

    name: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]] = {}
    """What the gateway's configuration needs for it."""
    is_documented: ClassVar[bool] = True
    """It has a column in the table of what holds on which protocol."""

    @abstractmethod
    def listening(
        self, gateway: Gateway, user: str, channel: str, *, since: Any = None
    ) -> "AbstractAsyncContextManager[Listener]":
        """Listen to a channel, from a position or from now on; a context of a `Listener`."""

    @abstractmethod
    async def publish(self, gateway: Gateway, channel: str, data: Any) -> None:
        """Publish as the application's server does."""

    @abstractmethod
    async def present(self, gateway: Gateway, channel: str) -> set[str]:
        """Return the users who listen to a channel."""

    @abstractmethod
    async def is_refused(self, gateway: Gateway, channel: str, credentials: Credentials) -> bool:
        """Try to listen to a channel with worthless credentials; tell whether it failed."""


class CentrifugeListener(Listener):
    """Subscribed on the server's side, by its token."""

    def __init__(self, opened: Client, state: dict[str, Any]) -> None:
        self._client = opened
        self._waiting = list(state.get("publications", []))
        self._epoch = state.get("epoch", "")
        self._offset = state.get("offset", 0)

    async def receive(self) -> Any:
        """Return the payload of the next publication, recovered ones first."""
        publication = self._waiting.pop(0) if self._waiting else None
        while publication is None:
            publication = (await self._client.push()).get("pub")  # not a join
        self._offset = publication.get("offset", self._offset)
        return publication["data"]

    @property
    def position(self) -> Any:
        """Return epoch and offset."""
        return {"recover": True, "offset": self._offset, "epoch": self._epoch}


class Centrifuge(Driver):
    """The Centrifuge protocol over WebSocket, and the Centrifugo server API."""

    name = "centrifuge"

    @asynccontextmanager
    async def listening(
        self, gateway: Gateway, user: str, channel: str, *, since: Any = None
    ) -> AsyncIterator[CentrifugeListener]:
        """Connect with a token that names the channel."""
        async with client(gateway) as opened:
            request: dict[str, Any] = {"token": token(user, channels=[channel])}
            if since is not None:
                request["subs"] = {channel: since}
            reply = await opened.ask("connect", **request)
            yield CentrifugeListener(opened, reply["subs"][channel])

    async def publish(self, gateway: Gateway, channel: str, data: Any) -> None:
        """Publish by the server API."""
        async with backend(gateway) as api:
            assert "error" not in await api.call("publish", channel=channel, data=data)

    async def present(self, gateway: Gateway, channel: str) -> set[str]:
        """Ask the server API."""
        async with backend(gateway) as api:
            members = (await api.call("presence", channel=channel))["presence"]
        return {member["user"] for member in members.values()}

    async def is_refused(self, gateway: Gateway, channel: str, credentials: Credentials) -> bool:
        """Connect or subscribe; `foreign` credentials open another channel."""
        worthless = {
            "forged": token("eve", channels=[channel], secret="another secret of 32 bytes or more"),
            "expired": token("eve", channels=[channel], exp=1),
            "foreign": token("eve", channels=["inbox:eve"]),
        }[credentials]
        async with client(gateway) as eve:
            try:
                reply = await eve.ask("connect", token=worthless)
                if credentials == "foreign":
                    reply = await eve.ask("subscribe", channel=channel)
            except ConnectionClosed:
                return True
        return "error" in reply


KEYS = {"publish_key": "pub-c", "subscribe_key": "sub-c", "secret_key": "sec-c"}


class PubNubListener(Listener):
    """Polls with a token that it was granted, from the timetoken of its last answer."""

    def __init__(self, http: httpx.AsyncClient, path: str, query: dict[str, str], tt: str) -> None:
        self._http = http
        self._path = path
        self._query = query
        self._timetoken = tt
        self._waiting: list[Any] = []

    async def receive(self) -> Any:
        """Return the payload of the next message, polling until there is one."""
        while not self._waiting:
            answer = await self._http.get(self._path, params=self._query | {"tt": self._timetoken})
            assert answer.status_code == 200, answer.text
            self._timetoken = answer.json()["t"]["t"]
            self._waiting = [message["d"] for message in answer.json()["m"]]
        return self._waiting.pop(0)

    @property
    def position(self) -> Any:
        """Return the timetoken."""
        return self._timetoken


class PubNub(Driver):
    """The PubNub REST API: long polls with granted tokens, and calls that the server signs."""

    name = "pubnub"
    settings: ClassVar[Mapping[str, Any]] = {
        "pubnub": {"enabled": True, "keysets": [KEYS], "hold_time": "20s"}
    }

    @asynccontextmanager
    async def listening(
        self, gateway: Gateway, user: str, channel: str, *, since: Any = None
    ) -> AsyncIterator[PubNubListener]:
        """Shake hands, which also says where to listen from; leave at the end."""
        name = spelled(channel)
        path = f"/v2/subscribe/sub-c/{name}/0"
        query = {"uuid": user, "auth": granted(user, name)}
        async with http_client(gateway) as http:
            first = await http.get(path, params=query | {"tt": "0"})
            assert first.status_code == 200, first.text
            yield PubNubListener(http, path, query, since or first.json()["t"]["t"])
            await http.get(f"/v2/presence/sub-key/sub-c/channel/{name}/leave", params=query)

    async def publish(self, gateway: Gateway, channel: str, data: Any) -> None:
        """Publish by POST."""
        path = f"/publish/pub-c/sub-c/0/{spelled(channel)}/0"
        body = json.dumps(data).encode()
        async with http_client(gateway) as http:
            answer = await http.post(path, params=signed("POST", path, body), content=body)
        assert answer.json()[1] == "Sent", answer.text

    async def present(self, gateway: Gateway, channel: str) -> set[str]:
        """Ask who is here now."""
        path = f"/v2/presence/sub-key/sub-c/channel/{spelled(channel)}"
        async with http_client(gateway) as http:
            answer = await http.get(path, params=signed("GET", path))
        return set(answer.json()["uuids"])

    async def is_refused(self, gateway: Gateway, channel: str, credentials: Credentials) -> bool:
        """Subscribe; `foreign` credentials open another channel."""
        name = spelled(channel)
        worthless = {
            "forged": granted("eve", name, secret="another secret"),
            "expired": granted("eve", name, at=time.time() - 120),
            "foreign": granted("eve", "inbox.eve"),
        }[credentials]
        query = {"uuid": "eve", "auth": worthless, "tt": "0"}
        async with http_client(gateway) as http:
            answer = await http.get(f"/v2/subscribe/sub-c/{name}/0", params=query)
        return answer.status_code == 403


def spelled(channel: str) -> str:
    """Return a channel's name as PubNub allows it."""
    return channel.replace(":", ".")


def http_client(gateway: Gateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=30)


def granted(
    user: str, name: str, *, secret: str = KEYS["secret_key"], at: float | None = None
) -> str:
    """Return a token that lets `user` read one channel for a minute, from now or from `at` on."""
    grant = tokens.Grant(
        granted_at=int(time.time() if at is None else at),
        ttl=1,
        resources={"channels": {name: tokens.Permission.READ}},
        uuid=user,
    )
    return tokens.encode(grant, tokens.signing_key(secret, KEYS["subscribe_key"]))


def signed(method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """Return the query of a call by the application's server."""
    query = {"uuid": "server", "timestamp": str(int(time.time()))}
    string = string_to_sign("pub-c", method=method, path=path, query=query, body=body)
    return query | {"signature": signature.sign(KEYS["secret_key"], string)}


class LinesListener(Listener):
    """Reads the lines of one answer."""

    def __init__(self, epoch: str, offset: str, lines: AsyncIterator[str]) -> None:
        self._epoch = epoch
        self._offset = offset
        self._lines = lines

    async def receive(self) -> Any:
        """Return the payload of the next line."""
        self._offset, _, data = (await anext(self._lines)).partition(" ")
        return json.loads(data)

    @property
    def position(self) -> Any:
        """Return epoch and offset."""
        return f"{self._epoch} {self._offset}"


class LinesOverHttp(Driver):
    """A protocol that only the tests register."""

    name = "lines"
    settings: ClassVar[Mapping[str, Any]] = {"lines": {"key": "the key of publishers"}}
    is_documented = False

    @asynccontextmanager
    async def listening(
        self, gateway: Gateway, user: str, channel: str, *, since: Any = None
    ) -> AsyncIterator[LinesListener]:
        """Ask for the channel with a token for it; the first line says where it begins."""
        query = {"token": token(user, channel=channel), "since": since or ""}
        async with (
            http_client(gateway) as http,
            http.stream("GET", f"/lines/{channel}", params=query) as answer,
        ):
            assert answer.status_code == 200
            lines = split(answer.aiter_text())
            epoch, _, offset = (await anext(lines)).partition(" ")
            yield LinesListener(epoch, offset, lines)

    async def publish(self, gateway: Gateway, channel: str, data: Any) -> None:
        """Publish by POST."""
        async with http_client(gateway) as http:
            answer = await http.post(f"/lines/{channel}", headers=self.settings["lines"], json=data)
        assert answer.status_code == 204, answer.text

    async def present(self, gateway: Gateway, channel: str) -> set[str]:
        """Ask by GET, without a token."""
        async with http_client(gateway) as http:
            answer = await http.get(f"/lines/{channel}", headers=self.settings["lines"])
        return set(answer.json())

    async def is_refused(self, gateway: Gateway, channel: str, credentials: Credentials) -> bool:
        """Listen; `foreign` credentials open another channel."""
        worthless = {
            "forged": token("eve", channel=channel, secret="another secret of 32 bytes or more"),
            "expired": token("eve", channel=channel, exp=1),
            "foreign": token("eve", channel="inbox:eve"),
        }[credentials]
        async with http_client(gateway) as http:
            answer = await http.get(f"/lines/{channel}", params={"token": worthless})
        return answer.status_code == 403


async def split(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield lines that end with a line feed and nothing else, unlike httpx."""
    begun = ""
    async for piece in pieces:
        *lines, begun = (begun + piece).split("\n")
        for line in lines:
            yield line


DRIVERS: list[Driver] = [Centrifuge(), PubNub(), LinesOverHttp()]


def every_protocol(*, but: Mapping[str, str] | None = None) -> pytest.MarkDecorator:
    """Run a case on every protocol, as `protocol`.

    Args:
        but: Protocols on which it cannot run, each with the reason why.
    """
    reasons = but or {}
    return pytest.mark.parametrize(
        "protocol",
        [
            pytest.param(
                driver,
                id=driver.name,
                marks=[pytest.mark.skip(reasons[driver.name])] if driver.name in reasons else [],
            )
            for driver in DRIVERS
        ],
    )
