"""The official Python SDK on asyncio, whose core is the newer event engine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pubnub.callbacks import SubscribeCallback
from pubnub.enums import PNStatusCategory
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub_asyncio import PubNubAsyncio

from tests.gateway_process import GatewayProcess

from .clients import OPEN, PATIENCE, collect, name


class AsyncEar(SubscribeCallback):
    """Puts what it hears into a queue."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def status(self, pubnub: Any, status: Any) -> None:
        self.heard.put_nowait(("status", status))

    def message(self, pubnub: Any, message: Any) -> None:
        self.heard.put_nowait(("message", message))

    def presence(self, pubnub: Any, presence: Any) -> None:
        self.heard.put_nowait(("presence", presence))

    def signal(self, pubnub: Any, signal: Any) -> None:
        self.heard.put_nowait(("signal", signal))

    async def next(self, kind: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            while True:
                found, what = await self.heard.get()
                if found == kind:
                    return what

    async def connected(self) -> None:
        while (await self.next("status")).category != PNStatusCategory.PNConnectedCategory:
            pass


@pytest.fixture
async def ana(gateway: GatewayProcess) -> AsyncIterator[tuple[PubNubAsyncio, AsyncEar]]:
    configuration = PNConfiguration()
    configuration.publish_key = OPEN["publish_key"]
    configuration.subscribe_key = OPEN["subscribe_key"]
    configuration.user_id = "ana"
    configuration.origin = f"127.0.0.1:{gateway.port}"
    configuration.ssl = False
    configuration.disable_config_locking = False
    pubnub, ear = PubNubAsyncio(configuration), AsyncEar()
    pubnub.add_listener(ear)
    yield pubnub, ear
    await pubnub.stop()
    pubnub._subscription_manager.loop.close()  # it makes one, uses another, and closes neither
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if rest:  # it closes its connections in tasks that it does not wait for
        _, waiting = await asyncio.wait(rest, timeout=1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    collect()


async def test_it_hears_messages_signals_and_presence(ana: Any) -> None:
    pubnub, ear = ana
    room = name()
    pubnub.subscribe().channels(room).with_presence().execute()
    await ear.connected()
    joined = await ear.next("presence")
    assert (joined.event, joined.uuid, joined.occupancy) == ("join", "ana", 1)
    sent = await pubnub.publish().channel(room).message({"n": 1}).use_post(True).future()
    heard = await ear.next("message")
    assert (heard.message, heard.timetoken) == ({"n": 1}, sent.result.timetoken)
    await pubnub.signal().channel(room).message("hi").future()
    assert (await ear.next("signal")).message == "hi"
    found = await pubnub.fetch_messages().channels(room).future()
    assert [item.message for item in found.result.channels[room]] == [{"n": 1}]


async def test_it_goes_on_with_another_list_of_channels_without_a_loss(ana: Any) -> None:
    pubnub, ear = ana
    first, second = name(), name()
    pubnub.subscribe().channels(first).execute()
    await ear.connected()
    pubnub.subscribe().channels(second).execute()
    for number in range(10):
        await pubnub.publish().channel(first if number % 2 else second).message(number).future()
    heard = [(await ear.next("message")).message for _ in range(9)]
    assert heard[-8:] == list(range(2, 10)) or heard == list(range(9))
