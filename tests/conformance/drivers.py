"""Every protocol that the gateway speaks, driven by the same few words.

To let a protocol join, write a driver here and add it to `DRIVERS`; every case of the suite then
runs on it, unless the case says why it cannot.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Literal

import pytest
from websockets.exceptions import ConnectionClosed

from hark_gateway.server import Gateway
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


DRIVERS: list[Driver] = [Centrifuge()]


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
