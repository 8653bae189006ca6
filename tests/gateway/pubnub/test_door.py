"""The door: PubNub's subscribers, what they catch up with, and the other protocol on one hub."""

import asyncio

import httpx
import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import Backend, backend, connected, running

from .scene import PUBNUB, cursor, door_of, get, interests, poll, polling, publish, until

# Across protocols


async def test_what_the_server_api_publishes_reaches_pubnubs_subscribers(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    waiting = await polling(gateway, http, "inbox.42", uuid="ana")
    async with backend(gateway) as api:
        await api.call("publish", channel="inbox:42", data={"modseq": 1}, tags={"k": "v"})
    (message,) = (await waiting)["m"]
    assert (message["c"], message["d"], message["u"]) == ("inbox.42", {"modseq": 1}, {"k": "v"})
    history = await get(http, "/v3/history/sub-key/sub/channel/inbox.42")
    assert history["channels"]["inbox.42"][0]["message"] == {"modseq": 1}


async def test_what_pubnub_publishes_reaches_centrifuges_subscribers(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    async with connected(gateway, subs=None, channels=["inbox:42"]) as listener:
        await publish(http, "inbox.42", {"hi": 1}, uuid="bo", meta='{"k":"v"}')
        push = await listener.push()
    assert (push["channel"], push["pub"]["data"]) == ("inbox:42", {"hi": 1})
    assert push["pub"]["tags"] == {"k": "v"}


async def test_what_must_not_be_kept_is_kept_by_neither(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend
) -> None:
    await publish(http, "inbox.42", 1, store=0)
    await api.call("publish", channel="inbox:42", data=2, skip_history=True)
    assert (await get(http, "/v3/history/sub-key/sub/channel/inbox.42"))["channels"] == {}
    assert (await api.call("history", channel="inbox:42", limit=10))["publications"] == []


async def test_what_is_not_kept_is_for_whoever_is_there_and_pushes_nothing_out(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend
) -> None:
    tt = await cursor(http, "inbox.42")
    await publish(http, "inbox.42", "kept")
    for number in range(60):
        await publish(http, "inbox.42", number, store=0)
        await api.call("publish", channel="inbox:42", data=number, skip_history=True)
        await get(http, f"/signal/pub/sub/0/inbox.42/0/{number}")
    assert [each["d"] for each in (await poll(http, "inbox.42", tt))["m"]] == ["kept"]
    waiting = await polling(gateway, http, "inbox.42")
    await publish(http, "inbox.42", "fleeting", store=0)
    assert [each["d"] for each in (await waiting)["m"]] == ["fleeting"]
    assert [each["d"] for each in (await poll(http, "inbox.42", tt))["m"]] == ["kept"]


@pytest.mark.parametrize("query", [{"store": 0}, {}], ids=["fleeting", "kept"])
async def test_whoever_was_answered_just_now_misses_nothing_before_the_next_poll(
    gateway: Gateway, http: httpx.AsyncClient, query: dict[str, int]
) -> None:
    waiting = await polling(gateway, http, "room", uuid="ana")
    await publish(http, "room", 1, **query)
    tt = (await waiting)["t"]["t"]
    for number in (2, 3):
        await publish(http, "room", number, **query)
    back = await poll(http, "room", tt, uuid="ana")
    assert [each["d"] for each in back["m"]] == [2, 3]
    await publish(http, "room", "end")
    again = await poll(http, "room", tt, uuid="ana")
    assert [each["d"] for each in again["m"]] == (["end"] if query else [2, 3, "end"])


async def test_recovery_and_offsets_know_nothing_of_what_was_not_kept(
    gateway: Gateway, api: Backend
) -> None:
    first = await api.call("publish", channel="inbox:42", data="a")
    for number in range(20):
        call = {"channel": "inbox:42", "data": number, "skip_history": True}
        assert await api.call("publish", **call) == {}
        await api.call("broadcast", channels=["inbox:42"], data=number, skip_history=True)
        await api.http.post("/publish/pub/sub/0/inbox.42/0", json=number, params={"store": 0})
    last = await api.call("publish", channel="inbox:42", data="b")
    assert last == {"offset": 2, "epoch": first["epoch"]}
    since = {"recover": True, "offset": 1, "epoch": first["epoch"]}
    async with connected(gateway, subs={"inbox:42": since}, channels=["inbox:42"]) as ana:
        state = ana.state["subs"]["inbox:42"]  # type: ignore[attr-defined]
        assert (state["recovered"], state["publications"]) == (True, [{"data": "b", "offset": 2}])


async def test_a_channel_that_has_no_name_here_goes_unheard_and_does_no_harm(
    http: httpx.AsyncClient, api: Backend
) -> None:
    await api.call("publish", channel="chat:a b", data=1)
    await api.call("publish", channel="x" * 200, data=1)
    assert await get(http, "/time/0")


# Catching up


async def test_a_lost_answer_is_given_again(gateway: Gateway, http: httpx.AsyncClient) -> None:
    tt = await cursor(http, "room")
    await publish(http, "room", "one")
    await publish(http, "room", "two")
    for _ in range(2):
        answer = await poll(http, "room", tt)
        assert [message["d"] for message in answer["m"]] == ["one", "two"]
    assert answer["t"]["t"] == answer["m"][-1]["p"]["t"]


async def test_messages_published_in_one_turn_leave_in_one_answer(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend
) -> None:
    waiting = await polling(gateway, http, "inbox.1,inbox.2,inbox.3")
    await api.call("broadcast", channels=["inbox:1", "inbox:2", "inbox:3"], data={"n": 1})
    assert [message["c"] for message in (await waiting)["m"]] == ["inbox.1", "inbox.2", "inbox.3"]


async def test_a_cursor_in_the_future_waits(gateway: Gateway, http: httpx.AsyncClient) -> None:
    future = str(int(await cursor(http, "room")) + 10**12)
    task = asyncio.create_task(poll(http, "room", future))
    await until(lambda: any(interest.waiting for interest in interests(gateway)))
    await publish(http, "room", "now")
    await get(http, "/time/0")
    assert not task.done()
    await door_of(gateway).drain(1)
    assert (await task)["t"]["t"] == future


async def test_a_filter_that_wants_nothing_keeps_waiting(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    waiting = await polling(gateway, http, "room", **{"filter-expr": "n>1"})
    await publish(http, "room", "unwanted", meta='{"n":1}')
    await get(http, "/time/0")
    assert not waiting.done()
    await publish(http, "room", "wanted", meta='{"n":2}')
    assert [message["d"] for message in (await waiting)["m"]] == ["wanted"]


async def test_draining_answers_polls_with_nothing_rather_than_with_an_error() -> None:
    async with running(pubnub=PUBNUB) as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        async with httpx.AsyncClient(base_url=url) as http:
            waiting = await polling(gateway, http, "room")
            await gateway.stop()
            assert (await waiting)["m"] == []
        gateway.stop = nothing  # type: ignore[method-assign]


async def nothing() -> None:
    """Be stopped already."""


async def test_a_poller_that_vanishes_frees_its_place(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    async with httpx.AsyncClient(base_url=http.base_url) as brief:
        waiting = await polling(gateway, brief, "room")
        waiting.cancel()
    (interest,) = interests(gateway)
    await until(lambda: not interest.waiting)
    await publish(http, "room", "nobody")
