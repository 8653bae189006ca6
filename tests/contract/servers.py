"""The realtime backends under contract, each with a real server behind it and its SDK's screens.

Adding a backend adds a class and a line in SERVERS.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.screen import CentrifugoScreen, Screen
from tests.gateway_process import GatewayProcess, running_gateway

SECRET = "the contract's secret that signs tokens"
KEY = "the contract's key"
KEPT = {"history_size": 100, "history_ttl": "5m", "force_recovery": True}


class Server(ABC):
    """A running realtime server."""

    hark: dict[str, Any]
    """The HARK setting that leads to it."""

    @abstractmethod
    def kill(self) -> None:
        """End it as a crash would; nothing answers."""

    @abstractmethod
    def start(self) -> None:
        """Start it again, its memory empty."""

    @abstractmethod
    def screen(self, user: Any) -> Screen:
        """Return a screen of this user, not yet connected."""


class Centrifugo(Server):
    """Hark's own gateway, through CentrifugoBackend and `centrifuge-python`."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway
        self.hark = {
            "BACKEND": "hark.backends.centrifugo.CentrifugoBackend",
            "OPTIONS": {
                "api_url": f"{gateway.url}/api",
                "api_key": KEY,
                "token_secret": SECRET,
                "url": f"ws://127.0.0.1:{gateway.port}/connection/websocket",
            },
        }

    def kill(self) -> None:
        self._gateway.kill()

    def start(self) -> None:
        self._gateway.start()

    def screen(self, user: Any) -> Screen:
        return CentrifugoScreen(user)


@contextmanager
def centrifugo(folder: Path) -> Iterator[Server]:
    settings = {
        "client": {"token": {"hmac_secret_key": SECRET}},
        "http_api": {"key": KEY},
        "channel": {
            "namespaces": [{"name": "inbox", **KEPT}, {"name": "article", **KEPT}],
        },
    }
    with running_gateway(settings, folder) as gateway:
        yield Centrifugo(gateway)


SERVERS = {"CentrifugoBackend": centrifugo}
