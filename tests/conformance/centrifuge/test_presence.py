"""Row 6: who is there, who comes and goes."""

from hark_gateway.server import Gateway
from tests.gateway.scene import Client, client, connected, running, token


async def test_presence_lists_everybody_with_what_they_show(gateway: Gateway, ana: Client) -> None:
    await ana.ask("subscribe", channel="chat:1")
    await ana.push()
    async with connected(gateway, "bo", info={"name": "Bo"}) as bo:
        await bo.ask("subscribe", channel="chat:1")
        await ana.push()
        present = (await ana.ask("presence", channel="chat:1"))["presence"]
        assert present == {
            ana.state["client"]: {"user": "ana", "client": ana.state["client"]},
            bo.state["client"]: {
                "user": "bo",
                "client": bo.state["client"],
                "conn_info": {"name": "Bo"},
            },
        }


async def test_presence_counts_clients_and_users(gateway: Gateway) -> None:
    async with connected(gateway) as one, connected(gateway) as two, connected(gateway, "bo") as bo:
        for each in (one, two, bo):
            await each.ask("subscribe", channel="chat:1")
        for _ in range(3):
            await one.push()
        stats = await one.ask("presence_stats", channel="chat:1")
        assert stats == {"num_clients": 3, "num_users": 2}


async def test_joins_follow_the_reply_and_leaves_reach_the_others(
    gateway: Gateway, ana: Client
) -> None:
    await ana.ask("subscribe", channel="chat:1")
    own = await ana.push()
    assert own["join"]["info"]["client"] == ana.state["client"]
    async with connected(gateway, "bo") as bo:
        await bo.ask("subscribe", channel="chat:1")
        assert (await ana.push())["join"]["info"]["user"] == "bo"
        assert (await bo.push())["join"]["info"]["user"] == "bo"
        await bo.ask("unsubscribe", channel="chat:1")
        assert (await ana.push())["leave"]["info"]["user"] == "bo"
        assert await bo.ask("unsubscribe", channel="chat:1") == {}  # and no leave of its own


async def test_a_connection_cut_without_a_word_leaves_too(gateway: Gateway, ana: Client) -> None:
    await ana.ask("subscribe", channel="chat:1")
    await ana.push()
    async with connected(gateway, "bo") as bo:
        await bo.ask("subscribe", channel="chat:1")
        await ana.push()
        bo.socket.transport.abort()
        assert (await ana.push())["leave"]["info"]["user"] == "bo"


async def test_one_that_hangs_leaves_when_it_answers_no_ping() -> None:
    hurried = {"ping_interval": "1s", "pong_timeout": "200ms"}
    async with (
        running(client=hurried) as gateway,
        connected(gateway, "ana") as ana,
        connected(gateway, "bo") as hanging,
    ):
        await ana.ask("subscribe", channel="chat:1")
        await ana.push()
        await hanging.ask("subscribe", channel="chat:1")
        await ana.push()
        while (message := await ana.receive()) == {}:
            await ana.send("{}")
        assert message["push"]["leave"]["info"]["user"] == "bo"


async def test_joins_are_told_to_those_who_ask_and_may() -> None:
    namespace = {
        "name": "room",
        "presence": True,
        "join_leave": True,
        "allow_subscribe_for_client": True,
        "allow_presence_for_subscriber": True,
    }
    secret = namespace | {"name": "hidden", "allow_presence_for_subscriber": False}
    async with (
        running(channel={"namespaces": [namespace, secret]}) as gateway,
        connected(gateway) as curious,
        connected(gateway) as calm,
    ):
        assert await calm.ask("subscribe", channel="room:1") == {}
        assert await curious.ask("subscribe", channel="room:1", join_leave=True) == {}
        assert "join" in await curious.push()
        assert await curious.ask("subscribe", channel="hidden:1", join_leave=True) == {}
        assert "error" in await curious.ask("rpc", method="x")  # nothing came before it
        assert "error" in await calm.ask("rpc", method="x")


async def test_a_member_shows_in_presence_without_joining_aloud(gateway: Gateway) -> None:
    async with client(gateway) as ana:
        await ana.ask("connect", token=token(channels=["chat:1"]))
        assert "join" in await ana.push()
        assert len((await ana.ask("presence", channel="chat:1"))["presence"]) == 1
