"""Our gateway, as `python -m hark_gateway` starts it."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from bench.load.dialogues import Door
from bench.processes import ServerProcess, free_port
from bench.results import Role
from bench.subjects.running import Api, Running, Subject

SECRET = "a secret of the benchmarks, 32 bytes and more"
KEY = "the benchmarks' API key"
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}

_READER = {"allow_subscribe_for_client": True, "allow_history_for_subscriber": True}
_HISTORY = {"history_size": 100, "history_ttl": "300s", "force_recovery": True}
NAMESPACES = [
    {"name": "plain", **_READER},
    {"name": "kept", **_READER, **_HISTORY},
    {"name": "shown", **_READER, **_HISTORY, "presence": True},
]
"""Channels without a stream; with one, as an inbox has it; with presence besides."""


def environment(port: int) -> dict[str, str]:
    return {
        **os.environ,
        "HARK_GATEWAY_HTTP_SERVER_PORT": str(port),
        "HARK_GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": SECRET,
        "HARK_GATEWAY_HTTP_API_KEY": KEY,
        "HARK_GATEWAY_CHANNEL_NAMESPACES": json.dumps(NAMESPACES),
    }


def start_gateway(port: int) -> ServerProcess:
    """Start a gateway, its settings the defaults but for keys and namespaces."""
    command = [sys.executable, "-m", "hark_gateway"]
    return ServerProcess("hark-gateway", command, port=port, environment=environment(port))


def door(port: int, channel: str, *, channels: int = 0) -> Door:
    """Return the door to the gateway; see `Door` for `{n}` in `channel`, and for `channels`."""
    return Door(
        port=port,
        kind="centrifuge",
        path="/connection/websocket",
        channel=channel,
        channels=channels,
        secret=SECRET,
        framed=True,
    )


@contextmanager
def run_gateway(channel: str) -> Iterator[Running]:
    """Run a gateway whose clients subscribe to `channel`."""
    port = free_port()
    with start_gateway(port) as server:
        api = Api(port, HEADERS)

        def publish_all(payloads: Sequence[bytes]) -> None:
            if len(payloads) == 1:
                api.post("/api/publish", publish_body(channel, payloads[0]))
            else:
                api.post("/api/batch", batch_body((channel, payload) for payload in payloads))

        yield Running([server], door(port, channel), publish_all)


def publish_body(channel: str, payload: bytes) -> bytes:
    return b'{"channel":"%b","data":%b}' % (channel.encode(), payload)


def broadcast_body(channels: Iterable[str], payload: bytes) -> bytes:
    return b'{"channels":%b,"data":%b}' % (json.dumps(list(channels)).encode(), payload)


def batch_body(publications: Iterable[tuple[str, bytes]]) -> bytes:
    commands = (b'{"publish":%b}' % publish_body(*each) for each in publications)
    return b'{"commands":[%b]}' % b",".join(commands)


def gateway(channel: str = "plain:all", name: str = "Hark gateway") -> Subject:
    return Subject(name, Role.OURS, lambda _clients: run_gateway(channel))
