"""Clients of the official Python SDK, and what they heard."""

import gc
import queue
import re
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pubnub.callbacks import SubscribeCallback
from pubnub.enums import PNReconnectionPolicy, PNStatusCategory
from pubnub.errors import PNERR_CONNECTION_ERROR
from pubnub.exceptions import PubNubException
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

from hark_gateway.protocols.pubnub import tokens
from tests.gateway_process import GatewayProcess

stopped: list[PubNub] = []
"""Clients of the present test that have stopped."""

PATIENCE = 20.0
"""Seconds a test waits for what it expects."""

OPEN = {"publish_key": "pub-open", "subscribe_key": "sub-open", "access_manager": False}
GUARDED = {"publish_key": "pub-c-1", "subscribe_key": "sub-c-1", "secret_key": "sec-c-1"}
SETTINGS: dict[str, Any] = {
    "http_api": {"key": "api key"},
    "client": {"token": {"hmac_secret_key": "a secret of the tests that is long enough"}},
    "channel": {"namespaces": [{"name": "inbox", "history_size": 10, "history_ttl": "60s"}]},
    # Polls end soon, so that every client also meets empty answers, and none outlives its test.
    "pubnub": {"enabled": True, "keysets": [OPEN, GUARDED], "hold_time": "2s"},
}


@dataclass
class Ear(SubscribeCallback):
    """A listener that keeps what it hears, in order of arrival."""

    heard: "queue.Queue[tuple[str, Any]]" = field(default_factory=queue.Queue)

    def status(self, pubnub: PubNub, status: Any) -> None:
        self.heard.put(("status", status))

    def message(self, pubnub: PubNub, message: Any) -> None:
        self.heard.put(("message", message))

    def presence(self, pubnub: PubNub, presence: Any) -> None:
        self.heard.put(("presence", presence))

    def signal(self, pubnub: PubNub, signal: Any) -> None:
        self.heard.put(("signal", signal))

    def message_action(self, pubnub: PubNub, message_action: Any) -> None:
        self.heard.put(("action", message_action))

    def next(self, kind: str, fitting: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for the next thing of that kind that fits, passing over all others."""
        while True:
            found, what = self.heard.get(timeout=PATIENCE)
            if found == kind and fitting(what):
                return what

    def connected(self) -> None:
        """Wait until the subscription stands."""
        category = PNStatusCategory.PNConnectedCategory
        self.next("status", lambda status: status.category == category)


@contextmanager
def client(
    gateway: GatewayProcess, user: str, keys: dict[str, Any] = OPEN, **settings: Any
) -> Iterator[tuple[PubNub, Ear]]:
    """A client of the current SDK that differs from one of PubNub's network in origin and ssl."""
    configuration = PNConfiguration()
    configuration.publish_key = keys["publish_key"]
    configuration.subscribe_key = keys["subscribe_key"]
    configuration.user_id = user
    configuration.origin = f"127.0.0.1:{gateway.port}"
    configuration.ssl = False
    configuration.daemon = True
    configuration.disable_config_locking = False
    configuration.reconnect_policy = PNReconnectionPolicy.LINEAR
    for name, value in settings.items():
        setattr(configuration, name, value)
    pubnub, ear = PubNub(configuration), Ear()
    pubnub.add_listener(ear)
    try:
        yield pubnub, ear
    finally:
        part(pubnub)


def part(pubnub: PubNub) -> None:
    """Stop a client; `hang_up` does the rest."""
    pubnub.unsubscribe_all()
    handler = pubnub._request_handler
    handler._ensure_session = _refuse  # it would open another session for what is still to come
    reconnection = pubnub._subscription_manager._reconnection_manager
    reconnection._register_heartbeat_timer = lambda: None  # and would try again for ever
    reconnection.stop_heartbeat_timer()
    _cut(pubnub)
    pubnub.stop()
    stopped.append(pubnub)


def hang_up() -> None:
    """Wait for the requests of clients that have stopped, which may just have been connecting.

    Those of clients that go on look the same, so the wait has an end.
    """
    deadline = time.monotonic() + 2
    while stopped and (requests := _requests()) and time.monotonic() < deadline:
        for pubnub in stopped:
            _cut(pubnub)
        requests[0].join(0.1)
    if not _requests():
        stopped.clear()
    collect()


def _requests() -> list[threading.Thread]:
    names = re.compile(r"Thread-[A-Z]\w*-\d+")
    return [each for each in threading.enumerate() if names.fullmatch(each.name)]


def _refuse() -> httpx.Client:
    raise PubNubException(pn_error=PNERR_CONNECTION_ERROR, errormsg="the client has stopped")


def _cut(pubnub: PubNub) -> None:
    """Break the connections of a client: a poll that waits would go on for most of a minute."""
    handler = pubnub._request_handler
    handler._watchdog._force_shutdown_connections(handler._session)


def collect() -> None:
    """Collect the sockets that the SDK left unclosed, without a warning for each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def server(gateway: GatewayProcess) -> Any:
    """A client that holds the secret key, as an application's backend does."""
    return client(gateway, "server", GUARDED, secret_key=GUARDED["secret_key"])


def short_lived_token(user: str, channel: str, seconds: int = 5) -> str:
    """Return a token that was granted almost a minute ago, which is the shortest there is."""
    grant = tokens.Grant(
        granted_at=int(time.time()) - 60 + seconds,
        ttl=1,
        resources={"channels": {channel: tokens.Permission.READ}},
        uuid=user,
    )
    key = tokens.signing_key(GUARDED["secret_key"], GUARDED["subscribe_key"])
    return tokens.encode(grant, key)


def name(prefix: str = "room") -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{secrets.token_hex(4)}"
