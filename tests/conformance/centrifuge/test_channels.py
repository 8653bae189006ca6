"""Row 3: who may subscribe, publish and ask, and in which order answers come."""

import time
from typing import Any

import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import Client, connected, running, token

EVERYTHING: dict[str, Any] = {
    "channel": {
        "namespaces": [
            {"name": "open", "allow_subscribe_for_client": True},
            {
                "name": "anybody",
                "allow_subscribe_for_client": True,
                "allow_subscribe_for_anonymous": True,
            },
            {"name": "dialog", "allow_user_limited_channels": True},
            {"name": "closed"},
            {"name": "coded", "allow_subscribe_for_client": True, "channel_regex": r"^[é\d]+$"},
            {"name": "mute", "allow_subscribe_for_client": True, "presence": True},
        ]
    }
}


async def subscribed(client: Client, channel: str, **request: Any) -> int:
    """Subscribe; return the error's code, 0 for none."""
    reply = await client.ask("subscribe", channel=channel, **request)
    return int(reply.get("error", {}).get("code", 0))


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        pytest.param("open:1", 0, id="allowed to all who are named"),
        pytest.param("closed:1", 103, id="allowed to nobody"),
        pytest.param("nowhere:1", 102, id="no such namespace"),
        pytest.param("without", 103, id="no namespace"),
        pytest.param("$open:1", 103, id="private"),
        pytest.param("dialog:#ana", 0, id="one's own"),
        pytest.param("dialog:1#bo,ana", 0, id="one of two"),
        pytest.param("dialog:1#bo,eve", 103, id="for two others"),
        pytest.param("dialog:1", 103, id="limited to nobody"),
        pytest.param("open:é", 107, id="not ASCII"),
        pytest.param("coded:é", 0, id="as the pattern has it"),
        pytest.param("coded:x", 107, id="not as the pattern has it"),
        pytest.param("open:" + "x" * 250, 0, id="255 bytes"),
        pytest.param("open:" + "x" * 251, 107, id="256 bytes"),
    ],
)
async def test_the_channels_options_say_who_may_subscribe(channel: str, code: int) -> None:
    async with running(**EVERYTHING) as gateway, connected(gateway, "ana") as ana:
        assert await subscribed(ana, channel) == code


@pytest.mark.parametrize(("channel", "code"), [("open:1", 103), ("anybody:1", 0)])
async def test_anonymous_clients_need_an_option_of_their_own(channel: str, code: int) -> None:
    async with running(**EVERYTHING) as gateway, connected(gateway, "") as nobody:
        assert await subscribed(nobody, channel) == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        pytest.param({}, 0, id="valid"),
        pytest.param({"exp": 1}, 109, id="expired"),
        pytest.param({"secret": "another secret of thirty-two bytes"}, 103, id="forged"),
        pytest.param({"channel": None}, 103, id="names no channel"),
        pytest.param({"expire_at": 1}, 110, id="its time is over"),
    ],
)
async def test_a_subscription_token_opens_a_channel_whatever_its_options(
    ana: Client, claims: dict[str, Any], code: int
) -> None:
    opened = token("ana", **({"channel": "$inbox:1"} | claims))
    assert await subscribed(ana, "$inbox:1", token=opened) == code


@pytest.mark.parametrize("claims", [{"channel": "$inbox:2"}, {"sub": "bo"}])
async def test_another_ones_subscription_token_ends_the_connection(
    ana: Client, claims: dict[str, Any]
) -> None:
    other = token("ana", **({"channel": "$inbox:1"} | claims))
    await ana.send({"id": 2, "subscribe": {"channel": "$inbox:1", "token": other}})
    assert await ana.closed() == (3500, "invalid token")


async def test_a_subscription_token_may_say_more(gateway: Gateway) -> None:
    async with connected(gateway, "ana", info={"name": "Ana"}) as ana:
        said = {"channel": "chat:1", "info": {"role": "host"}, "data": [1], "exp": None}
        reply = await ana.ask(
            "subscribe",
            channel="chat:1",
            token=token("ana", **said, expire_at=int(time.time()) + 60),
        )
        assert reply["data"] == [1]
        assert reply["expires"]
        assert reply["ttl"] in (59, 60)
        info = (await ana.push())["join"]["info"]
        assert info["conn_info"] == {"name": "Ana"}
        assert info["chan_info"] == {"role": "host"}


async def test_a_token_may_override_a_channels_options(ana: Client) -> None:
    override = {"force_recovery": {"value": True}}
    opened = token("ana", channel="feed:1", override=override)
    assert (await ana.ask("subscribe", channel="feed:1", token=opened))["recoverable"]


async def test_one_subscription_per_channel(ana: Client) -> None:
    assert await subscribed(ana, "feed:1") == 0
    assert await subscribed(ana, "feed:1") == 105
    assert await ana.ask("unsubscribe", channel="feed:1") == {}
    assert await ana.ask("unsubscribe", channel="feed:1") == {}
    assert await subscribed(ana, "feed:1") == 0


async def test_a_server_side_subscription_counts(gateway: Gateway) -> None:
    async with connected(gateway, channels=["feed:1"]) as ana:
        assert await subscribed(ana, "feed:1") == 105


async def test_subscriptions_are_limited() -> None:
    async with running(client={"channel_limit": 2}) as gateway, connected(gateway) as ana:
        assert [await subscribed(ana, f"feed:{n}") for n in range(3)] == [0, 0, 106]
        await ana.ask("unsubscribe", channel="feed:0")
        assert await subscribed(ana, "feed:2") == 0


@pytest.mark.parametrize(("subscription", "code"), [(1, 103), (4, 108)])
async def test_only_streams_can_be_subscribed_to(ana: Client, subscription: int, code: int) -> None:
    assert await subscribed(ana, "feed:1", type=subscription) == code


async def test_publications_are_not_filtered_by_tags(ana: Client) -> None:
    assert await subscribed(ana, "feed:1", tf={"key": "a", "cmp": "eq", "val": "1"}) == 107


async def test_a_delta_is_not_promised(ana: Client) -> None:
    assert "delta" not in await ana.ask("subscribe", channel="feed:1", delta="fossil")


async def test_publishing_takes_permission(ana: Client, bo: Client) -> None:
    async def published(client: Client, channel: str) -> int:
        reply = await client.ask("publish", channel=channel, data=1)
        return int(reply.get("error", {}).get("code", 0))

    assert await published(ana, "feed:1") == 0
    assert await published(ana, "chat:1") == 103  # only subscribers may
    assert await published(ana, "nowhere:1") == 102
    assert (await ana.ask("publish", channel="feed:1"))["error"]["code"] == 107


async def test_who_publishes_is_told_to_the_others(gateway: Gateway, bo: Client) -> None:
    await bo.ask("subscribe", channel="feed:1")
    async with connected(gateway, "ana", info={"name": "Ana"}) as ana:
        await ana.ask("publish", channel="feed:1", data=1)
        info = {"user": "ana", "client": ana.state["client"], "conn_info": {"name": "Ana"}}
        expected = {"data": 1, "offset": 1, "info": info}
        assert await bo.push() == {"channel": "feed:1", "pub": expected}


@pytest.mark.parametrize("method", ["presence", "presence_stats"])
@pytest.mark.parametrize(
    ("channel", "code"), [("nowhere:1", 102), ("feed:é", 107), ("feed:1", 108), ("chat:1", 103)]
)
async def test_asking_who_is_there_is_refused_in_order(
    ana: Client, method: str, channel: str, code: int
) -> None:
    assert (await ana.ask(method, channel=channel))["error"]["code"] == code


@pytest.mark.parametrize(
    ("channel", "code"), [("nowhere:1", 102), ("feed:é", 107), ("chat:1", 108), ("inbox:1", 103)]
)
async def test_asking_for_history_is_refused_in_order(ana: Client, channel: str, code: int) -> None:
    assert (await ana.ask("history", channel=channel))["error"]["code"] == code


async def test_insecure_mode_opens_all_but_private_channels() -> None:
    async with (
        running(client={"insecure": True}, **EVERYTHING) as gateway,
        connected(gateway, exp=1) as ana,
    ):
        assert "expires" not in ana.state
        assert await subscribed(ana, "closed:1") == 0
        assert await subscribed(ana, "$closed:1") == 103
        assert "presence" in await ana.ask("presence", channel="mute:1")
