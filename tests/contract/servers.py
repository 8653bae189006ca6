"""What stands behind a backend under contract: a real server, and screens on its official SDK."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.screen import CentrifugoScreen, InboxScreen
from tests.gateway_process import GatewayProcess, running_gateway

SECRET = "the contract's secret that signs tokens"
KEY = "the contract's key"
KEPT = {"history_size": 100, "history_ttl": "5m", "force_recovery": True}


class Server(ABC):
    """A running realtime server."""

    hark: dict[str, Any]
    """The HARK setting that leads to it."""

    wrong: list[dict[str, Any]]
    """Changes to its options, each of which it must call a misconfiguration."""

    unreachable: dict[str, Any]
    """Changes to its options with which nobody answers."""

    refused: tuple[str, dict[str, Any]]
    """A channel and an event that it accepts from nobody."""

    @abstractmethod
    def kill(self) -> None:
        """End it as a crash would; nothing answers."""

    @abstractmethod
    def start(self) -> None:
        """Start it again, its memory empty."""

    @abstractmethod
    def screen(self, user: Any) -> InboxScreen:
        """Return a screen of this user, not yet connected."""


class Centrifugo(Server):
    """Hark's own gateway, through CentrifugoBackend and `centrifuge-python`."""

    refused = "nowhere:1", {"number": 1}
    unreachable = {"api_url": "http://127.0.0.1:9/api"}

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
        self.wrong = [{"api_key": "wrong"}, {"api_url": f"{gateway.url}/api/nowhere"}]

    def kill(self) -> None:
        self._gateway.kill()

    def start(self) -> None:
        self._gateway.start()

    def screen(self, user: Any) -> InboxScreen:
        return CentrifugoScreen(user)


@contextmanager
def centrifugo(folder: Path) -> Iterator[Server]:
    settings = {
        "client": {"token": {"hmac_secret_key": SECRET}, "await_revocations": True},
        "http_api": {"key": KEY},
        "channel": {
            "namespaces": [{"name": "inbox", **KEPT}, {"name": "article", **KEPT}],
        },
    }
    with running_gateway(settings, folder) as gateway:
        yield Centrifugo(gateway)
