"""PubNub under contract: the gateway's PubNub protocol, and PubNub's network if there are keys."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pubnub.callbacks import SubscribeCallback
from pubnub.enums import PNReconnectionPolicy, PNStatusCategory
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

from hark.backends.pubnub.backend import spell
from hark.channels import Channel
from hark.testing import NotAdmitted
from tests.contract.screen import InboxScreen, patiently
from tests.contract.servers import Server
from tests.gateway_process import GatewayProcess, running_gateway
from tests.sdk.pubnub.clients import hang_up, part

NAMES = ("publish_key", "subscribe_key", "secret_key")
GATEWAY_KEYS = {"publish_key": "pub-c-1", "subscribe_key": "sub-c-1", "secret_key": "sec-c-1"}
NETWORK_KEYS = {name: os.environ.get(f"PUBNUB_{name.upper()}", "") for name in NAMES}
HAS_NETWORK_KEYS = all(NETWORK_KEYS.values())


class PubNubScreen(InboxScreen):
    """On the official SDK `pubnub`. Turned away, it asks Django again, as our front end does."""

    def connect(self, info: Any) -> None:
        self._clients: list[PubNub] = []
        self._asking = False
        self._closing = threading.Lock()
        self._closed = False
        self._join(info)

    def close(self) -> None:
        with self._closing:  # a thread of the SDK's may be turned away just now, and join again
            self._closed = True
        for client in self._clients:
            part(client)
        hang_up()

    def sleep(self) -> None:
        self._clients[-1]._subscription_manager.disconnect()
        time.sleep(1.5)  # for longer than between two polls

    def wake(self) -> None:
        self._clients[-1]._subscription_manager.reconnect()

    def listen(self, channel: str, token: str) -> None:
        before, self._asking = self.connections, True
        client = self._clients[-1]
        client.set_token(token)
        names = [spell(Channel(*channel.split(":", 1)))]
        # From now on, since a poll from an earlier moment is answered only by the next message.
        client.subscribe().channels(names).with_timetoken(0).execute()
        self.until(lambda screen: screen.connections > before or screen.ended)
        self._asking = False
        if self.ended:
            raise NotAdmitted(channel)

    def turn_away(self) -> None:
        """The token is worth nothing, or not for all that was asked."""
        info = None if self._asking else patiently(self.renew)
        self.meet(connected=False, ended=info is None)
        if info is not None:
            self._join(info)

    def _join(self, info: Any) -> None:
        configuration = PNConfiguration()
        configuration.subscribe_key = info.subscribe_key
        configuration.user_id = info.user_id
        configuration.origin = info.origin
        configuration.ssl = info.ssl
        configuration.daemon = True
        configuration.disable_config_locking = False
        configuration.reconnect_policy = PNReconnectionPolicy.LINEAR
        configuration.reconnection_interval = 0.1
        configuration.maximum_reconnection_retries = -1
        client = PubNub(configuration)
        client.set_token(info.token)
        client.add_listener(_Listener(self))
        with self._closing:
            if self._closed:
                return
            self._clients.append(client)
            client.subscribe().channels(info.channels).execute()


class _Listener(SubscribeCallback):
    def __init__(self, screen: PubNubScreen) -> None:
        self._screen = screen

    def status(self, pubnub: PubNub, status: Any) -> None:
        match status.category:
            case PNStatusCategory.PNConnectedCategory | PNStatusCategory.PNReconnectedCategory:
                self._screen.meet(connected=True)
            case PNStatusCategory.PNAccessDeniedCategory:
                self._screen.turn_away()
            case _ if status.is_error():
                self._screen.meet(connected=False)

    def message(self, pubnub: PubNub, message: Any) -> None:
        self._screen.hear(message.message)

    def presence(self, pubnub: PubNub, presence: Any) -> None:
        """Nobody asked for it."""


class PubNubServer(Server):
    """Whatever speaks PubNub's protocol, through PubNubBackend."""

    refused = "article:1", {"text": "x" * 32_750}  # too large together with the channel's name
    unreachable = {"origin": "127.0.0.1:9", "ssl": False}

    def __init__(self, keys: Mapping[str, str], **options: Any) -> None:
        self.hark = {
            "BACKEND": "hark.backends.pubnub.PubNubBackend",
            "OPTIONS": {**keys, **options},
        }
        self.wrong = [{"secret_key": "wrong"}, {"subscribe_key": "sub-c-of-nobody"}]

    def screen(self, user: Any) -> InboxScreen:
        return PubNubScreen(user)


class PubNubGateway(PubNubServer):
    """Hark's own gateway."""

    def __init__(self, gateway: GatewayProcess) -> None:
        super().__init__(GATEWAY_KEYS, origin=f"127.0.0.1:{gateway.port}", ssl=False)
        self._gateway = gateway

    def kill(self) -> None:
        self._gateway.kill()

    def start(self) -> None:
        self._gateway.start()


class PubNubNetwork(PubNubServer):
    """PubNub itself, with the keys of the environment."""

    def kill(self) -> None:
        pytest.skip("PubNub's network does not go down on demand")

    def start(self) -> None:
        """It never went."""

    def screen(self, user: Any) -> InboxScreen:
        screen = super().screen(user)
        screen.seconds = 120.0  # a revocation takes up to a minute there
        return screen


@contextmanager
def gateway(folder: Path) -> Iterator[Server]:
    settings = {
        "channel": {"namespaces": [{"name": "inbox"}, {"name": "article"}]},
        # Polls end soon, so that none outlives its test.
        "pubnub": {
            "enabled": True,
            "keysets": [GATEWAY_KEYS],
            "hold_time": "500ms",
            "storage_path": str(folder / "pubnub.sqlite3"),
        },
    }
    with running_gateway(settings, folder) as running:
        yield PubNubGateway(running)


@contextmanager
def network(_folder: Path) -> Iterator[Server]:
    yield PubNubNetwork(NETWORK_KEYS)
