"""Our gateway's PubNub protocol. Its clients are of a keyset without tokens."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.load.dialogues import Door
from bench.processes import ServerProcess, free_port
from bench.results import Role
from bench.subjects import hark
from bench.subjects.running import Api, Running, Subject

OPEN = {"publish_key": "pub", "subscribe_key": "sub", "access_manager": False}
GUARDED = {"publish_key": "pub-c", "subscribe_key": "sub-c", "secret_key": "sec-c"}
JSON = {"Content-Type": "application/json"}


@contextmanager
def run_gateway(channels: int, many: int) -> Iterator[Running]:
    """Run a gateway whose clients poll on `many` of `channels` channels each."""
    port = free_port()
    environment = hark.environment(port) | {
        "HARK_GATEWAY_PUBNUB_ENABLED": "true",
        "HARK_GATEWAY_PUBNUB_KEYSETS": json.dumps([OPEN, GUARDED]),
    }
    command = [sys.executable, "-m", "hark_gateway"]
    with ServerProcess("hark-gateway", command, port=port, environment=environment) as server:
        api = Api(port, JSON)

        def publish_all(payloads: Sequence[bytes]) -> None:
            for payload in payloads:
                api.post("/publish/pub/sub/0/channel-0/0?uuid=server", payload)

        yield Running([server], door(port, channels, many), publish_all)


def door(port: int, channels: int, many: int) -> Door:
    return Door(
        port=port,
        kind="pubnub_poll",
        path="/v2/subscribe/sub",
        channel="channel-{n}",
        channels=channels,
        many=many,
    )


def gateway(channels: int = 1, many: int = 1, name: str = "Hark gateway") -> Subject:
    return Subject(name, Role.OURS, lambda _clients: run_gateway(channels, many))
