"""A storage that is full: a refusal that says so, one line in the log, and nothing half done."""

from collections.abc import AsyncIterator

import httpx
import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import running

from .scene import PUBNUB, get, polling

GROUP = "/v1/channel-registration/sub-key/sub/channel-group"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway with little room."""
    async with running(pubnub=PUBNUB | {"storage_max_bytes": 1 << 18}) as started:
        yield started


async def filled(http: httpx.AsyncClient) -> httpx.Response:
    """Add groups until there is no room; return the refusal."""
    channels = ",".join(f"{number}-{'x' * 80}" for number in range(100))
    for number in range(100):
        answer = await http.get(f"{GROUP}/group-{number}", params={"add": channels})
        if answer.status_code != 200:
            return answer
    raise AssertionError("there is room without end")


async def test_what_cannot_be_kept_is_refused_and_told_once(
    gateway: Gateway, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = await filled(http)
    assert refusal.status_code == 503
    assert refusal.json()["service"] == "Storage"
    await filled(http)
    (line,) = [each for each in caplog.records if "storage" in each.getMessage()]
    assert (line.levelname, line.exc_info) == ("ERROR", None)
    assert "full" in line.__dict__["reason"]


async def test_a_message_that_cannot_be_kept_is_heard_all_the_same(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    await filled(http)
    waiting = await polling(gateway, http, "room")
    path = "/publish/pub/sub/0/room/0"
    answer = await http.post(path, json="x" * 30_000)
    assert answer.status_code == 200
    assert [each["d"] for each in (await waiting)["m"]] == ["x" * 30_000]
    history = await get(http, "/v3/history/sub-key/sub/channel/room")
    assert history["channels"] == {}
