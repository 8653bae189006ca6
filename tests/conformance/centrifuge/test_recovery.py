"""Rows 5, 8 and 10: streams, what a returning subscriber gets, positions."""

from typing import Any

import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import Backend, Client, connected, running


async def fill(api: Backend, channel: str, count: int) -> str:
    """Publish 1, 2, 3… to a channel; return its epoch."""
    position: dict[str, Any] = {}
    for number in range(1, count + 1):
        position = await api.call("publish", channel=channel, data=number)
    return str(position["epoch"])


async def recovered(client: Client, channel: str, **since: Any) -> dict[str, Any]:
    """Subscribe where one had been before; return the state one finds."""
    return await client.ask("subscribe", channel=channel, recoverable=True, recover=True, **since)


@pytest.mark.parametrize(
    ("offset", "epoch", "missed"),
    [
        pytest.param(7, "same", [8, 9], id="some are missed"),
        pytest.param(4, "same", [5, 6, 7, 8, 9], id="all that are kept"),
        pytest.param(9, "same", [], id="nothing is missed"),
        pytest.param(7, "", [8, 9], id="any epoch"),
        pytest.param(3, "same", None, id="one too far back"),
        pytest.param(10, "same", None, id="beyond the top"),
        pytest.param(7, "other", None, id="another epoch"),
    ],
)
async def test_what_a_returning_subscriber_gets(
    ana: Client, api: Backend, offset: int, epoch: str, missed: list[int] | None
) -> None:
    now = await fill(api, "feed:1", 9)  # which keeps five
    since = {"offset": offset, "epoch": now if epoch == "same" else epoch}
    state = await recovered(ana, "feed:1", **since)
    assert state["was_recovering"]
    assert state["positioned"]
    assert state["recoverable"]
    assert state["epoch"] == now
    if missed is None:
        assert "recovered" not in state
        assert "publications" not in state
        assert state["offset"] == 9
    else:
        assert state["recovered"]
        assert [each["data"] for each in state.get("publications", [])] == missed
        assert state["offset"] == offset  # from which the client itself counts on


async def test_the_first_subscriber_of_an_empty_stream(ana: Client) -> None:
    state = await recovered(ana, "feed:1", offset=0, epoch="")
    assert state["recovered"]
    assert "offset" not in state
    assert len(state["epoch"]) == 8


async def test_more_than_the_limit_is_not_recovered(api: Backend, gateway: Gateway) -> None:
    async with (
        running(client={"recovery_max_publication_limit": 3}) as limited,
        connected(limited) as ana,
        connected(limited, "bo") as bo,
    ):
        backend = Backend(limited)
        async with backend.http:
            epoch = await fill(backend, "feed:1", 5)
        assert (await recovered(ana, "feed:1", offset=2, epoch=epoch))["recovered"]
        assert "recovered" not in await recovered(bo, "feed:1", offset=1, epoch=epoch)


async def test_who_rejects_a_gap_gets_an_error_and_no_subscription(
    ana: Client, api: Backend
) -> None:
    await fill(api, "feed:1", 9)
    reply = await recovered(ana, "feed:1", offset=1, epoch="", flag=3)
    assert reply["error"] == {"code": 112, "message": "unrecoverable position"}
    assert (await api.call("channels"))["channels"] == {}
    assert "error" not in await ana.ask("subscribe", channel="feed:1", flag=3)


async def test_a_channel_without_recovery_says_no_more_than_that(ana: Client) -> None:
    assert await recovered(ana, "chat:1", offset=1, epoch="x") == {"was_recovering": True}


async def test_recovery_and_position_must_be_asked_for(gateway: Gateway) -> None:
    async with connected(gateway) as plain, connected(gateway) as positioned:
        assert await plain.ask("subscribe", channel="feed:1") == {}
        state = await positioned.ask("subscribe", channel="feed:1", positioned=True)
        assert state["positioned"]
        assert "recoverable" not in state


async def test_forced_recovery_need_not_be_asked_for(gateway: Gateway, api: Backend) -> None:
    await fill(api, "inbox:ana", 2)
    async with connected(gateway, channels=["inbox:ana"]) as ana:
        state = ana.state["subs"]["inbox:ana"]
    assert (state["recoverable"], state["positioned"], state["offset"]) == (True, True, 2)


async def test_nothing_is_lost_or_doubled_between_reply_and_pushes(
    gateway: Gateway, api: Backend
) -> None:
    """Publications race subscriptions; each subscriber must end up with one run without holes."""
    import asyncio

    publishing = asyncio.ensure_future(fill(api, "inbox:1", 60))
    heard: list[list[int]] = []
    for _ in range(10):
        async with connected(gateway, channels=["inbox:1"]) as reader:
            first = reader.state["subs"]["inbox:1"].get("offset", 0)
            if first < 60:
                offsets = [
                    (await reader.push())["pub"]["offset"] for _ in range(min(3, 60 - first))
                ]
                heard.append([first, *offsets])
    await publishing
    assert heard
    for run in heard:
        assert run == list(range(run[0], run[0] + len(run)))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param({}, [], id="the position alone"),
        pytest.param({"limit": -1}, [5, 6, 7, 8, 9], id="all"),
        pytest.param({"limit": 2}, [5, 6], id="the oldest"),
        pytest.param({"limit": 2, "reverse": True}, [9, 8], id="the newest"),
        pytest.param({"limit": -1, "since": {"offset": 7}}, [8, 9], id="after an offset"),
        pytest.param({"limit": 1, "since": {"offset": 7}}, [8], id="the next after an offset"),
        pytest.param({"limit": -1, "since": {"offset": 2}}, [5, 6, 7, 8, 9], id="after a gap"),
        pytest.param({"limit": -1, "since": {"offset": 99}}, [], id="beyond the top"),
        pytest.param(
            {"limit": 2, "since": {"offset": 8}, "reverse": True}, [7, 6], id="before an offset"
        ),
        pytest.param(
            {"limit": 2, "since": {"offset": 99}, "reverse": True}, [9, 8], id="before the future"
        ),
        pytest.param({"limit": -1, "since": {"epoch": "x"}}, 112, id="another epoch"),
        pytest.param(
            {"limit": 1, "since": {"offset": 0}, "reverse": True}, 107, id="before the first"
        ),
    ],
)
async def test_a_page_of_history(
    ana: Client, api: Backend, request_: dict[str, Any], expected: list[int] | int
) -> None:
    epoch = await fill(api, "feed:1", 9)
    for page in (
        await ana.ask("history", channel="feed:1", **request_),
        await api.call("history", channel="feed:1", **request_),
    ):
        if isinstance(expected, int):
            assert page["error"]["code"] == expected
        else:
            assert [each["data"] for each in page["publications"]] == expected
            assert [each["offset"] for each in page["publications"]] == expected
            assert (page["epoch"], page["offset"]) == (epoch, 9)


async def test_a_page_of_history_is_bounded_for_clients(api: Backend) -> None:
    async with running(client={"history_max_publication_limit": 2}) as gateway:
        backend = Backend(gateway)
        async with backend.http, connected(gateway) as ana:
            await fill(backend, "feed:1", 4)
            for limit in (-1, 3):
                page = await ana.ask("history", channel="feed:1", limit=limit)
                assert len(page["publications"]) == 2
            assert (
                len((await backend.call("history", channel="feed:1", limit=-1))["publications"])
                == 4
            )


CACHED = {
    "channel": {
        "namespaces": [
            {
                "name": "price",
                "history_size": 1,
                "history_ttl": "1m",
                "force_recovery": True,
                "force_recovery_mode": "cache",
                "allow_subscribe_for_client": True,
            },
            {
                "name": "auto",
                "history_size": 1,
                "history_ttl": "1m",
                "force_recovery": True,
                "force_recovery_mode": "cache",
                "auto_cache_recover": True,
                "allow_subscribe_for_client": True,
            },
        ]
    }
}


async def test_a_cache_gives_the_latest_publication_alone() -> None:
    async with running(**CACHED) as gateway, connected(gateway) as ana:
        backend = Backend(gateway)
        async with backend.http:
            epoch = await fill(backend, "price:1", 3)
            state = await ana.ask("subscribe", channel="price:1", recover=True)
            assert [each["data"] for each in state["publications"]] == [3]
            assert state["recovered"]
            await ana.ask("unsubscribe", channel="price:1")
            state = await recovered(ana, "price:1", offset=3, epoch=epoch)
            assert state["recovered"]
            assert "publications" not in state
            await ana.ask("unsubscribe", channel="price:1")
            await backend.call("history_remove", channel="price:1")
            assert "recovered" not in await recovered(ana, "price:1", offset=2, epoch=epoch)


async def test_a_cache_may_give_it_without_being_asked() -> None:
    async with running(**CACHED) as gateway, connected(gateway) as ana:
        backend = Backend(gateway)
        async with backend.http:
            await fill(backend, "auto:1", 3)
        state = await ana.ask("subscribe", channel="auto:1")
        assert [each["data"] for each in state["publications"]] == [3]
        assert "was_recovering" not in state


BRIEF = {
    "channel": {
        "namespaces": [
            {
                "name": "brief",
                "history_size": 5,
                "history_ttl": "1s",
                "history_meta_ttl": "1s",
                "force_recovery": True,
                "allow_subscribe_for_client": True,
            }
        ]
    }
}


async def test_a_stream_that_begins_again_sends_its_subscribers_for_a_new_position() -> None:
    async with (
        running(**BRIEF) as gateway,
        connected(gateway) as ana,
        connected(gateway, "bo", channels=["brief:1"]) as bo,
    ):
        backend = Backend(gateway)
        async with backend.http:
            epoch = await fill(backend, "brief:1", 1)
        await bo.push()
        before = await ana.ask("subscribe", channel="brief:1")
        assert before["epoch"] == epoch
        lost = {"code": 2500, "reason": "insufficient state"}
        assert await ana.push() == {"channel": "brief:1", "unsubscribe": lost}
        assert await bo.closed() == (3010, "insufficient state")
        after = await ana.ask("subscribe", channel="brief:1")
        assert after["epoch"] != epoch
