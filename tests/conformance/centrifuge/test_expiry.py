"""Row 7: refresh, expiry, and subscriptions that the server decides on."""

import time
from typing import Any

import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import Client, client, connected, door_of, running, token

SOON = {"client": {"expired_close_delay": "100ms", "expired_sub_close_delay": "100ms"}}


async def test_refresh_tells_the_new_time_to_live(ana: Client) -> None:
    reply = await ana.ask("refresh", token=token("ana"))
    assert reply["expires"]
    assert reply["ttl"] in (3599, 3600)


async def test_a_refresh_without_expiry_ends_all_expiring() -> None:
    async with running(**SOON) as gateway, connected(gateway, exp=time.time() + 1) as ana:
        assert await ana.ask("refresh", token=token("ana", exp=None)) == {}
        async with connected(gateway, exp=time.time() + 1) as other:
            assert (await other.closed())[0] == 3005
        assert "error" in await ana.ask("rpc", method="x")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param({"token": token("ana", exp=1)}, 3005, id="expired"),
        pytest.param({"token": "x"}, 3500, id="invalid"),
        pytest.param({"token": token("bo")}, 3500, id="another user's"),
        pytest.param({}, 3501, id="none"),
        pytest.param({"token": token("ana", channels=["chat:9"])}, 3010, id="other channels"),
    ],
)
async def test_a_refresh_that_fails_ends_the_connection(
    ana: Client, request_: dict[str, Any], code: int
) -> None:
    await ana.send({"id": 2, "refresh": request_})
    assert (await ana.closed())[0] == code


async def test_sub_refresh_prolongs_a_subscription() -> None:
    async with running(**SOON) as gateway, connected(gateway) as ana:
        for channel in ("feed:1", "feed:2"):
            brief = token("ana", channel=channel, exp=int(time.time()) + 1)
            await ana.ask("subscribe", channel=channel, token=brief)
        reply = await ana.ask("sub_refresh", channel="feed:1", token=token("ana", channel="feed:1"))
        assert reply["expires"]
        over = {"code": 2501, "reason": "subscription expired"}
        assert await ana.push() == {"channel": "feed:2", "unsubscribe": over}
        assert (await ana.ask("subscribe", channel="feed:1"))["error"]["code"] == 105


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param({"channel": "feed:2", "token": "x"}, 103, id="not subscribed"),
        pytest.param({"channel": "feed:1"}, 107, id="no token"),
        pytest.param({"channel": "feed:1", "token": "EXPIRED"}, 110, id="expired"),
    ],
)
async def test_a_sub_refresh_may_be_refused(
    ana: Client, request_: dict[str, Any], code: int
) -> None:
    await ana.ask("subscribe", channel="feed:1")
    if request_.get("token") == "EXPIRED":
        request_ = request_ | {"token": token("ana", channel="feed:1", exp=1)}
    assert (await ana.ask("sub_refresh", **request_))["error"]["code"] == code


@pytest.mark.parametrize(
    "worthless", ["x", token("ana", channel="feed:2"), token("bo", channel="feed:1")]
)
async def test_a_worthless_sub_refresh_ends_the_connection(ana: Client, worthless: str) -> None:
    await ana.ask("subscribe", channel="feed:1")
    await ana.send({"id": 5, "sub_refresh": {"channel": "feed:1", "token": worthless}})
    assert (await ana.closed())[0] == 3500


async def test_connect_may_be_refused_because_its_time_is_over(stranger: Client) -> None:
    reply = await stranger.ask("connect", token=token(expire_at=1))
    assert reply["error"] == {"code": 110, "message": "expired"}


async def test_a_token_may_connect_forever(stranger: Client) -> None:
    assert "expires" not in await stranger.ask("connect", token=token(expire_at=0))


async def test_channels_of_the_token_its_subs_win(stranger: Client) -> None:
    subs = {"chat:1": {"info": {"a": 1}, "data": {"b": 2}}, "feed:1": None}
    reply = await stranger.ask("connect", token=token(channels=["inbox:1"], subs=subs))
    assert reply["subs"].keys() == {"chat:1", "feed:1"}
    assert reply["subs"]["chat:1"]["data"] == {"b": 2}
    assert (await stranger.push())["join"]["info"]["chan_info"] == {"a": 1}


async def test_a_token_with_an_unknown_namespace_cannot_connect(stranger: Client) -> None:
    reply = await stranger.ask("connect", token=token(channels=["nowhere:1"]))
    assert reply["error"]["code"] == 102


async def test_a_client_may_ask_for_what_it_could_subscribe_to(stranger: Client) -> None:
    subs: dict[str, Any] = {"feed:1": {}, "inbox:1": {}, "$feed:1": {}}
    reply = await stranger.ask("connect", token=token(), subs=subs)
    assert reply["subs"].keys() == {"feed:1"}


async def test_a_client_that_asks_for_an_unknown_namespace_is_closed(stranger: Client) -> None:
    await stranger.send({"id": 1, "connect": {"token": token(), "subs": {"nowhere:1": {}}}})
    assert (await stranger.closed())[0] == 3501


@pytest.mark.parametrize(("namespace", "channel"), [("", "#ana"), ("inbox", "inbox:#ana")])
async def test_everybody_has_a_channel_of_their_own(namespace: str, channel: str) -> None:
    personal = {"enabled": True, "personal_channel_namespace": namespace}
    options = {"subscribe_to_user_personal_channel": personal}
    async with (
        running(client=options) as gateway,
        connected(gateway, "ana") as ana,
        connected(gateway, "") as nobody,
    ):
        assert ana.state["subs"].keys() == {channel}
        assert "subs" not in nobody.state


async def test_a_new_connection_may_end_the_one_before() -> None:
    options = {"subscribe_to_user_personal_channel": {"enabled": True, "single_connection": True}}
    async with (
        running(client=options) as gateway,
        connected(gateway, "ana") as old,
        connected(gateway, "ana") as new,
    ):
        assert await old.closed() == (3504, "connection limit")
        assert "error" in await new.ask("rpc", method="x")


async def test_a_users_connections_may_be_limited() -> None:
    async with (
        running(client={"user_connection_limit": 1}) as gateway,
        connected(gateway, "ana"),
        client(gateway) as second,
    ):
        await second.send({"id": 1, "connect": {"token": token("ana")}})
        assert await second.closed() == (3504, "connection limit")
        async with connected(gateway, "bo"):
            pass


async def test_anonymous_clients_may_be_let_in() -> None:
    async with (
        running(client={"allow_anonymous_connect_without_token": True}) as gateway,
        client(gateway) as nobody,
    ):
        assert "client" in await nobody.ask("connect")


async def test_anonymous_tokens_may_be_refused() -> None:
    async with (
        running(client={"disallow_anonymous_connection_tokens": True}) as gateway,
        client(gateway) as nobody,
    ):
        await nobody.send({"id": 1, "connect": {"token": token("")}})
        assert await nobody.closed() == (3507, "permission denied")


async def test_a_proxy_may_name_the_user() -> None:
    async with (
        running(client={"user_id_http_header": "X-User"}) as gateway,
        client(gateway, additional_headers={"X-User": "ana"}) as ana,
    ):
        await ana.ask("connect")
        assert [each.user for each in door_of(gateway).clients] == ["ana"]


async def test_a_server_side_subscription_that_expires_ends_the_connection(
    gateway: Gateway,
) -> None:
    async with running(**SOON) as brief, connected(brief) as ana:
        from tests.gateway.scene import backend

        async with backend(brief) as api:
            await api.call(
                "subscribe", user="ana", channel="feed:1", expire_at=int(time.time()) + 1
            )
        assert (await ana.push())["subscribe"]["expires"]
        assert await ana.closed() == (3006, "subscription expired")
