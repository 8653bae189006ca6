"""A wall clock that is set, an hour back or ahead, while everything is running."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from hark_gateway import clock
from hark_gateway.server import Gateway

from .pubnub.scene import PUBNUB, cursor, get, poll
from .scene import Backend, backend, client, connected, running, token

HOUR = 3600.0
Step = Callable[[], None]


@pytest.fixture(params=[-HOUR, HOUR], ids=["back", "ahead"])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Step:
    """Set the wall clock."""
    real = time.time
    return lambda: monkeypatch.setattr(time, "time", lambda: real() + request.param)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """An impatient gateway."""
    impatient = {
        "ping_interval": "2s",
        "pong_timeout": "1s",
        "stale_close_delay": "1s",
        "expired_close_delay": "500ms",
    }
    async with running(client=impatient, pubnub=PUBNUB | {"hold_time": "1s"}) as started:
        started.host.limits = replace(started.host.limits, head_timeout=1.0, idle_timeout=1.0)
        yield started


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Backend]:
    async with backend(gateway) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(30):
        yield


async def test_clients_are_pinged_and_given_up(gateway: Gateway, step: Step) -> None:
    async with connected(gateway) as ana:
        step()
        assert await ana.receive() == {}
        await ana.send({})
        assert await ana.receive() == {}
        assert await ana.closed() == (3012, "no pong")


async def test_whoever_does_not_connect_is_closed(gateway: Gateway, step: Step) -> None:
    async with client(gateway) as silent:
        step()
        assert (await silent.closed())[0] == 3502


async def test_heads_and_idle_connections_have_their_time(gateway: Gateway, step: Step) -> None:
    for said, answered in ((b"GET / HT", b"HTTP/1.1 408 Request Timeout\r\n"), (b"", b"")):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(said)
        await asyncio.sleep(0)
        step()
        assert (await reader.read())[: len(answered) or None] == answered
        writer.close()


async def test_tokens_are_judged_by_the_wall_clock(gateway: Gateway, step: Step) -> None:
    early = token("ana", exp=int(time.time()) + 60)
    step()
    ahead = clock.drift() > 0
    for given, fits in ((token("ana"), True), (token("ana", exp=int(time.time()) - 60), False)):
        async with client(gateway) as opened:
            assert ("client" in await opened.ask("connect", token=given)) is fits
    async with client(gateway) as opened:
        assert ("client" in await opened.ask("connect", token=early)) is not ahead


async def test_a_connection_ends_with_its_token(gateway: Gateway, step: Step) -> None:
    step()
    async with client(gateway) as ana:
        reply = await ana.ask("connect", token=token("ana", exp=int(time.time()) + 3))
        assert 0 < reply["ttl"] <= 3
        with suppress(ConnectionClosed):
            while await ana.receive() == {}:
                await ana.send({})
        assert (await ana.closed())[0] == 3005


async def test_what_was_granted_before_lasts_as_long_as_it_would(
    gateway: Gateway, step: Step
) -> None:
    async with connected(gateway, exp=int(time.time()) + 600) as ana:
        step()
        for _ in range(2):
            assert await ana.receive() == {}
            await ana.send({})


async def test_history_is_kept_for_its_time(gateway: Gateway, api: Backend, step: Step) -> None:
    await api.call("publish", channel="feed:1", data="before")
    step()
    await asyncio.sleep(1.5)  # so that whatever falls due does
    await api.call("publish", channel="feed:1", data="after")
    page = await api.call("history", channel="feed:1", limit=10)
    assert [each["data"] for each in page["publications"]] == ["before", "after"]


async def test_polls_end_and_go_on_from_where_they_were(gateway: Gateway, step: Step) -> None:
    url = f"http://127.0.0.1:{gateway.port}"
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        tt = await cursor(http, "room")
        step()
        assert (await poll(http, "room", tt))["m"] == []
        await get(http, "/publish/pub/sub/0/room/0/1")
        assert [each["d"] for each in (await poll(http, "room", tt))["m"]] == [1]


async def test_revocations_are_of_the_wall_clock_too(
    gateway: Gateway, api: Backend, step: Step
) -> None:
    step()
    old = token("ana", iat=time.time() - 10)
    await api.call("invalidate_user_tokens", user="ana")
    for given, fits in ((old, False), (token("ana", iat=time.time() + 1), True)):
        async with client(gateway) as opened:
            assert ("client" in await opened.ask("connect", token=given)) is fits


def test_the_clock_agrees_with_the_wall_until_that_is_set(step: Step) -> None:
    assert abs(clock.now() - time.time()) < 1
    assert clock.drift() == 0
    before = clock.now()
    step()
    assert abs(clock.drift()) == pytest.approx(HOUR, abs=1)
    assert 0 <= clock.now() - before < 60
