"""Our gateway's PubNub protocol, with a keyset without tokens and one that asks for them."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from bench.load.dialogues import Door
from bench.load.grants import KEYSET
from bench.processes import ServerProcess, free_port
from bench.results import Role
from bench.subjects import hark
from bench.subjects.running import Api, Running, Subject

OPEN = {"publish_key": "pub", "subscribe_key": "sub", "access_manager": False}
JSON = {"Content-Type": "application/json"}


@contextmanager
def run_gateway(channels: int, many: int, *, guarded: bool, hold_time: str) -> Iterator[Running]:
    """Run a gateway whose clients poll on `many` of `channels` channels each."""
    port = free_port()
    environment = hark.environment(port) | {
        "HARK_GATEWAY_PUBNUB_ENABLED": "true",
        "HARK_GATEWAY_PUBNUB_KEYSETS": json.dumps([OPEN, KEYSET]),
        "HARK_GATEWAY_PUBNUB_HOLD_TIME": hold_time,
    }
    command = [sys.executable, "-m", "hark_gateway"]
    with ServerProcess("hark-gateway", command, port=port, environment=environment) as server:
        api = Api(port, JSON)

        def publish_all(payloads: Sequence[bytes]) -> None:
            for payload in payloads:
                api.post("/publish/pub/sub/0/channel-0/0?uuid=server", payload)

        door = Door(
            port=port,
            kind="pubnub_poll",
            path=f"/v2/subscribe/{(KEYSET if guarded else OPEN)['subscribe_key']}",
            channel="channel-{n}",
            channels=channels,
            many=many,
            guarded=guarded,
        )
        yield Running([server], door, publish_all)


def gateway(
    name: str = "Hark gateway",
    *,
    channels: int = 1,
    many: int = 1,
    guarded: bool = False,
    hold_time: str = "55s",
) -> Subject:
    def start(_clients: int) -> AbstractContextManager[Running]:
        return run_gateway(channels, many, guarded=guarded, hold_time=hold_time)

    return Subject(name, Role.OURS, start)
