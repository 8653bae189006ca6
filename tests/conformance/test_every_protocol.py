"""What the gateway promises, whatever language one speaks to it."""

import asyncio
from collections.abc import AsyncIterator
from functools import reduce
from typing import Any

import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import merged, running

from .drivers import DRIVERS, Driver, every_protocol
from .lines import WithLines


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that speaks every protocol; `inbox` keeps ten, `chat` has presence."""
    settings: dict[str, Any] = reduce(merged, [dict(each.settings) for each in DRIVERS], {})
    async with running(WithLines, **settings) as started:
        yield started


@every_protocol()
async def test_a_listener_hears_everything_in_order(gateway: Gateway, protocol: Driver) -> None:
    async with protocol.listening(gateway, "ana", "inbox:ana") as ana:
        for number in range(5):
            await protocol.publish(gateway, "inbox:ana", {"n": number})
        assert [await ana.receive() for _ in range(5)] == [{"n": n} for n in range(5)]


@every_protocol()
async def test_a_listener_hears_nothing_of_other_channels(
    gateway: Gateway, protocol: Driver
) -> None:
    async with protocol.listening(gateway, "ana", "inbox:ana") as ana:
        await protocol.publish(gateway, "inbox:bo", "for Bo")
        await protocol.publish(gateway, "inbox:ana", "for Ana")
        assert await ana.receive() == "for Ana"


@every_protocol()
@pytest.mark.parametrize(
    "data", [0, "", [], {}, "ü\n\u2028😀", {"a": [None, 1.5, True, {"b": {}}]}]
)
async def test_a_payload_arrives_as_it_was(gateway: Gateway, protocol: Driver, data: Any) -> None:
    async with protocol.listening(gateway, "ana", "inbox:ana") as ana:
        await protocol.publish(gateway, "inbox:ana", data)
        assert await ana.receive() == data


@every_protocol()
async def test_all_who_listen_hear_the_same(gateway: Gateway, protocol: Driver) -> None:
    async with (
        protocol.listening(gateway, "ana", "inbox:both") as ana,
        protocol.listening(gateway, "bo", "inbox:both") as bo,
    ):
        await protocol.publish(gateway, "inbox:both", "to both")
        assert [await ana.receive(), await bo.receive()] == ["to both", "to both"]


@every_protocol()
async def test_one_who_returns_hears_exactly_what_was_missed(
    gateway: Gateway, protocol: Driver
) -> None:
    async with protocol.listening(gateway, "ana", "inbox:ana") as ana:
        await protocol.publish(gateway, "inbox:ana", "heard")
        assert await ana.receive() == "heard"
        position = ana.position
    for data in ("missed", "missed, too"):
        await protocol.publish(gateway, "inbox:ana", data)
    async with protocol.listening(gateway, "ana", "inbox:ana", since=position) as ana:
        await protocol.publish(gateway, "inbox:ana", "live")
        assert [await ana.receive() for _ in range(3)] == ["missed", "missed, too", "live"]


@every_protocol()
async def test_one_who_listens_is_present_until_gone(gateway: Gateway, protocol: Driver) -> None:
    assert await protocol.present(gateway, "chat:1") == set()
    async with (
        protocol.listening(gateway, "ana", "chat:1"),
        protocol.listening(gateway, "bo", "chat:1"),
    ):
        assert await protocol.present(gateway, "chat:1") == {"ana", "bo"}
    async with asyncio.timeout(10):
        while await protocol.present(gateway, "chat:1"):
            pass


@every_protocol()
@pytest.mark.parametrize("credentials", ["forged", "expired", "foreign"])
async def test_worthless_credentials_open_nothing(
    gateway: Gateway, protocol: Driver, credentials: Any
) -> None:
    assert await protocol.is_refused(gateway, "inbox:ana", credentials)
    assert len(gateway.hub) == 0


@every_protocol()
@pytest.mark.parametrize("publisher", DRIVERS, ids=lambda driver: driver.name)
async def test_what_one_protocol_publishes_every_protocol_hears(
    gateway: Gateway, protocol: Driver, publisher: Driver
) -> None:
    async with protocol.listening(gateway, "ana", "inbox:ana") as ana:
        await publisher.publish(gateway, "inbox:ana", {"from": publisher.name})
        assert await ana.receive() == {"from": publisher.name}
