"""The first cut of a connection: who is let in, what they hear, how they are sent away."""

import time

import pytest

from hark_gateway.server import Gateway

from .scene import Backend, Client, client, connected, running, token


async def test_a_token_opens_the_connection_and_the_channels_it_names(
    stranger: Client, api: Backend
) -> None:
    reply = await stranger.ask("connect", token=token("ana", channels=["inbox:ana"]))
    assert reply["expires"]
    assert reply["ttl"] in (3599, 3600)
    assert (reply["ping"], reply["pong"]) == (25, True)
    channel = reply["subs"]["inbox:ana"]
    assert channel["recoverable"]
    published = await api.call("publish", channel="inbox:ana", data={"text": "hello"})
    assert published == {"offset": 1, "epoch": channel["epoch"]}
    assert await stranger.push() == {
        "channel": "inbox:ana",
        "pub": {"data": {"text": "hello"}, "offset": 1},
    }


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        pytest.param({"secret": "another secret of thirty-two bytes"}, 3500, id="forged"),
        pytest.param({"sub": 42}, 3500, id="a number for a user"),
        pytest.param({"channel": "chat:1"}, 3500, id="a subscription token"),
    ],
)
async def test_a_worthless_token_ends_the_connection_for_good(
    stranger: Client, claims: dict[str, object], code: int
) -> None:
    import jwt

    if "sub" in claims:  # PyJWT itself refuses to write a number
        from .scene import SECRET

        header, body, _ = jwt.encode({"sub": "42"}, SECRET).split(".")
        body = jwt.utils.base64url_encode(b'{"sub":42}').decode()
        key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        signature = key.sign(f"{header}.{body}".encode(), SECRET.encode())
        worthless = f"{header}.{body}.{jwt.utils.base64url_encode(signature).decode()}"
    else:
        worthless = token("ana", **claims)  # type: ignore[arg-type]
    await stranger.send({"id": 1, "connect": {"token": worthless}})
    assert (await stranger.closed())[0] == code


async def test_an_expired_token_gets_an_error_and_nothing_else(stranger: Client) -> None:
    await stranger.send(
        {"id": 1, "connect": {"token": token(exp=int(time.time()) - 1)}},
        {"id": 2, "subscribe": {"channel": "chat:1"}},
    )
    reply = await stranger.receive()
    assert reply == {"id": 1, "error": {"code": 109, "message": "token expired"}}
    await stranger.send({"id": 3, "presence": {"channel": "chat:1"}})
    await stranger.socket.close()
    assert not stranger.received


async def test_no_token_at_all_is_a_bad_request(stranger: Client) -> None:
    await stranger.send({"id": 1, "connect": {}})
    assert await stranger.closed() == (3501, "bad request")


@pytest.mark.parametrize(
    "message",
    ["", "\n", "x", "[]", '{"id":-1,"connect":{}}', '{"connect":{}}', '{"id":1}', "{}", "[" * 9999],
)
async def test_what_is_no_command_closes_with_3501(stranger: Client, message: str) -> None:
    await stranger.send(message)
    assert await stranger.closed() == (3501, "bad request")


async def test_a_message_over_64_kib_closes_with_1009(stranger: Client) -> None:
    await stranger.send("x" * 65_537)
    assert (await stranger.closed())[0] == 1009


async def test_a_returning_client_gets_exactly_what_it_missed(
    gateway: Gateway, api: Backend
) -> None:
    async with connected(gateway, channels=["inbox:ana"]) as first:
        epoch = first.state["subs"]["inbox:ana"]["epoch"]
    for number in (1, 2, 3):
        await api.call("publish", channel="inbox:ana", data=number)
    since = {"inbox:ana": {"recover": True, "offset": 1, "epoch": epoch}}
    async with connected(gateway, channels=["inbox:ana"], subs=since) as again:
        recovered = again.state["subs"]["inbox:ana"]
    assert [each["data"] for each in recovered["publications"]] == [2, 3]
    assert recovered["recovered"]
    assert recovered["offset"] == 1


async def test_a_client_that_never_connects_is_closed_as_stale() -> None:
    async with running(client={"stale_close_delay": "200ms"}) as gateway, client(gateway) as idle:
        assert await idle.closed() == (3502, "stale")


async def test_a_client_that_answers_no_ping_is_closed() -> None:
    hurried = {"ping_interval": "1s", "pong_timeout": "100ms"}
    async with running(client=hurried) as gateway, connected(gateway) as silent:
        assert await silent.receive() == {}
        assert await silent.closed() == (3012, "no pong")


async def test_a_client_that_answers_pings_stays() -> None:
    hurried = {"ping_interval": "1s", "pong_timeout": "100ms"}
    async with running(client=hurried) as gateway, connected(gateway) as lively:
        for _ in range(2):
            assert await lively.receive() == {}
            await lively.send("{}")
        await lively.send("{}")  # one too many
        assert await lively.closed() == (3501, "bad request")


async def test_a_refreshed_connection_outlives_its_first_token() -> None:
    now = time.time()
    async with (
        running(client={"expired_close_delay": "100ms"}) as gateway,
        connected(gateway, exp=now + 1) as one,
        connected(gateway, exp=now + 1) as other,
    ):
        assert (await one.ask("refresh", token=token()))["expires"]
        assert await other.closed() == (3005, "connection expired")
        assert "error" in await one.ask("rpc", method="anything")


async def test_a_stopping_gateway_tells_its_clients_to_come_back() -> None:
    async with running() as gateway, connected(gateway) as here:
        await gateway.stop()
        assert await here.closed() == (3001, "shutdown")
