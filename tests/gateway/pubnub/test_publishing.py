"""What may be published over PubNub, and what becomes of what may not."""

from typing import Any

import httpx
import pytest

from hark_gateway.protocols.pubnub.storage import NotStored
from hark_gateway.server import Gateway
from tests.gateway.scene import Backend, connected

from .scene import cursor, door_of, get, poll, polling, publish

DEEP = "[" * 300 + "]" * 300


@pytest.mark.parametrize(
    ("body", "query"),
    [(DEEP, {}), ("1" * 5000, {}), ('"fine"', {"meta": f'{{"a":{DEEP}}}'})],
    ids=["nested message", "endless number", "nested metadata"],
)
async def test_what_subscribers_could_not_read_is_refused_before_anything_happens(
    gateway: Gateway, http: httpx.AsyncClient, body: str, query: dict[str, str]
) -> None:
    waiting = await polling(gateway, http, "feed.1")
    async with connected(gateway, channels=["feed:1"]) as ana:
        answer = await http.post("/publish/pub/sub/0/feed.1/0", content=body, params=query)
        assert (answer.status_code, answer.json()[0]) == (400, 0)
        await publish(http, "feed.1", "after")
        assert (await ana.push())["pub"]["data"] == "after"
    assert [each["d"] for each in (await waiting)["m"]] == ["after"]
    kept = await get(http, "/v3/history/sub-key/sub/channel/feed.1")
    assert [each["message"] for each in kept["channels"]["feed.1"]] == ["after"]


async def test_a_hubs_refusal_is_told_in_pubnubs_words(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/publish/pub/sub/0/feed.1/0/{DEEP}")
    assert answer.status_code == 400
    assert answer.json()[:2] == [0, "Data is nested more than 256 deep"]


async def test_a_state_that_others_could_not_read_is_refused(http: httpx.AsyncClient) -> None:
    await cursor(http, "room", uuid="ana")
    path = "/v2/presence/sub-key/sub/channel/room/uuid/ana/data"
    answer = await http.get(path, params={"uuid": "ana", "state": f'{{"a":{DEEP}}}'})
    assert answer.status_code == 400


async def test_a_store_that_fails_keeps_no_message_from_whoever_is_there(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise NotStored("disk I/O error")

    tt = await cursor(http, "feed.1")
    async with connected(gateway, channels=["feed:1"]) as ana:
        monkeypatch.setattr(door_of(gateway).service.messages, "add", fails)
        await publish(http, "feed.1", "a")
        assert "error" not in await api.call("publish", channel="feed:1", data="b")
        assert [(await ana.push())["pub"]["data"] for _ in range(2)] == ["a", "b"]
    assert [each["d"] for each in (await poll(http, "feed.1", tt))["m"]] == ["a", "b"]


async def test_a_timetoken_is_the_one_under_which_the_message_is_found(
    http: httpx.AsyncClient,
) -> None:
    tt = await cursor(http, "feed.1")
    timetoken = await publish(http, "feed.1", {"n": 1})
    answer = await poll(http, "feed.1", tt)
    assert [each["p"]["t"] for each in answer["m"]] == [timetoken]
    kept = await get(http, "/v3/history/sub-key/sub/channel/feed.1")
    assert kept["channels"]["feed.1"][0]["timetoken"] == timetoken
