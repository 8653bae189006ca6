"""The scenarios (see scenarios.py) about connections, played by centrifuge-python."""

import asyncio
import time
from typing import Any

import pytest
from centrifuge import ReplyError

from .diary import Cast, data_of, subscribed, until_published
from .scene import OTHER_SECRET, Scene

# Connecting


async def test_a_token_opens_the_connection(scene: Scene, cast: Cast) -> None:
    client, diary = cast.client(token=scene.token())
    await client.connect()
    connected = await diary.next("connected")
    assert len(connected.client) == 36
    assert connected.version.startswith("hark")


async def test_an_expired_token_alone_ends_as_unauthorized(scene: Scene, cast: Cast) -> None:
    client, diary = cast.client(token=scene.token(exp=time.time() - 1))
    await client.connect()
    assert (await diary.next("disconnected")).code == 1


async def test_an_expired_token_is_replaced_by_a_fresh_one(scene: Scene, cast: Cast) -> None:
    async def get_token() -> str:
        return scene.token()

    client, diary = cast.client(token=scene.token(exp=time.time() - 1), get_token=get_token)
    await client.connect()
    assert (await diary.next("error")).error.code == 109
    await diary.next("connected")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"secret": OTHER_SECRET}, 3500, id="forged"),
        pytest.param({"aud": "another application"}, 3500, id="foreign"),
        pytest.param({"channel": "chat:tea"}, 3500, id="a subscription token"),
    ],
)
async def test_a_worthless_token_ends_the_connection_for_good(
    scene: Scene, cast: Cast, changes: dict[str, Any], code: int
) -> None:
    client, diary = cast.client(token=scene.token(**changes))
    await client.connect()
    assert (await diary.next("disconnected")).code == code


async def test_no_token_at_all_ends_the_connection_for_good(scene: Scene, cast: Cast) -> None:
    client, diary = cast.client(token="")
    await client.connect()
    assert (await diary.next("disconnected")).code == 3501


async def test_tokens_are_refreshed_before_they_end(scene: Scene, cast: Cast) -> None:
    async def get_token() -> str:
        return scene.token()

    async def get_subscription_token(channel: str) -> str:
        return scene.subscription_token(channel)

    vault, ends = scene.name("vault:tea"), time.time() + 2
    idler = asyncio.create_task(scene.unrefreshed_connection_ends(ends))
    client, diary = await cast.connected(token=scene.token(exp=ends), get_token=get_token)
    _, letters = await subscribed(
        client,
        vault,
        token=scene.subscription_token(vault, exp=ends),
        get_token=get_subscription_token,
    )
    assert (await idler)[0] == 3005
    await scene.publish(vault, "still here")
    assert await until_published(letters, "still here") == ["still here"]
    assert len(diary.all("connecting")) == len(letters.all("subscribing")) == 1


async def test_a_refresh_for_another_user_ends_the_connection_for_good(
    scene: Scene, cast: Cast
) -> None:
    async def get_token() -> str:
        return scene.token("bo")

    _, diary = await cast.connected(
        token=scene.token("ana", exp=time.time() + 2), get_token=get_token
    )
    assert (await diary.next("disconnected")).code == 3500


# Server-side subscriptions


async def test_the_token_subscribes_to_the_channels_it_names(scene: Scene, cast: Cast) -> None:
    inbox = scene.name("inbox:ana")
    client, diary = cast.client(token=scene.token(channels=[inbox]))
    await client.connect()
    assert (await diary.next("subscribed")).channel == inbox
    await scene.publish(inbox, {"modseq": 1})
    publication = await diary.next("publication")
    assert publication.channel == inbox
    assert (publication.pub.data, publication.pub.offset) == ({"modseq": 1}, 1)


async def test_the_server_subscribes_and_unsubscribes(scene: Scene, cast: Cast) -> None:
    _, diary = await cast.connected("ana")
    inbox = scene.name("inbox:ana")
    await scene.api("subscribe", user=scene.name("ana"), channel=inbox, data={"why": "asked"})
    granted = await diary.next("subscribed")
    assert (granted.channel, granted.data) == (inbox, {"why": "asked"})
    await scene.publish(inbox, "in")
    assert (await diary.next("publication")).pub.data == "in"
    await scene.api("unsubscribe", user=scene.name("ana"), channel=inbox)
    assert (await diary.next("unsubscribed")).channel == inbox


async def test_a_returning_client_gets_what_its_server_side_channel_brought(
    scene: Scene, cast: Cast
) -> None:
    inbox = scene.name("inbox:ana")
    _, diary = await cast.connected(token=scene.token(channels=[inbox]))
    await scene.publish(inbox, 1)
    await diary.next("publication")
    scene.cable.cut()
    await diary.next("connecting")
    await scene.publish(inbox, 2, 3)
    scene.cable.mend()
    granted = await diary.next("subscribed")
    assert (granted.was_recovering, granted.recovered) == (True, True)
    await scene.publish(inbox, 4)
    assert await until_published(diary, 4) == [1, 2, 3, 4]


async def test_after_a_crash_of_the_gateway_clients_know_that_they_missed_something(
    scene: Scene, cast: Cast
) -> None:
    inbox, feed = scene.name("inbox:ana"), scene.name("feed:tea")
    client, diary = await cast.connected(token=scene.token(channels=[inbox]))
    _, posts = await subscribed(client, feed)
    await scene.publish(inbox, 1)
    await scene.publish(feed, 1)
    await diary.next("publication")
    await posts.next("publication")
    await scene.crash_gateway()
    for told in (diary, posts):
        granted = await told.next("subscribed")
        assert (granted.was_recovering, granted.recovered) == (True, False)
    await scene.publish(feed, 2)
    assert await until_published(posts, 2) == [1, 2]


# Requests that nobody answers


async def test_a_remote_call_is_refused(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    with pytest.raises(ReplyError) as refused:
        await client.rpc("anything", {})
    assert refused.value.code == 108


# The end of subscriptions and connections


async def test_unsubscribing_ends_what_is_heard(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    chat, feed = scene.name("chat:tea"), scene.name("feed:tea")
    room, heard = await subscribed(client, chat)
    _, posts = await subscribed(client, feed)
    await room.unsubscribe()
    assert (await heard.next("unsubscribed")).code == 0
    await scene.until_empty(chat)
    await scene.publish(chat, "to nobody")
    await scene.publish(feed, "marker")
    await posts.next("publication")
    assert data_of(heard) == []


async def test_the_server_ends_a_subscription_for_good(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected("ana")
    chat = scene.name("chat:tea")
    _, diary = await subscribed(client, chat)
    await scene.api("unsubscribe", user=scene.name("ana"), channel=chat)
    ended = await diary.next("unsubscribed")
    assert (ended.code, ended.reason) == (2000, "server unsubscribe")
    await scene.until_empty(chat)


async def test_the_server_ends_a_connection_for_good(scene: Scene, cast: Cast) -> None:
    _, diary = await cast.connected("ana")
    await scene.api("disconnect", user=scene.name("ana"))
    ended = await diary.next("disconnected")
    assert (ended.code, ended.reason) == (3503, "force disconnect")


async def test_the_server_sends_a_client_away_to_come_back(scene: Scene, cast: Cast) -> None:
    client, diary = await cast.connected("ana")
    chat = scene.name("chat:tea")
    _, heard = await subscribed(client, chat)
    moved = {"code": 4100, "reason": "moving house"}
    await scene.api("disconnect", user=scene.name("ana"), disconnect=moved)
    left = await diary.next("connecting")
    assert (left.code, left.reason) == (4100, "moving house")
    await diary.next("connected")
    await heard.next("subscribed")
    await scene.publish(chat, "welcome back")
    assert await until_published(heard, "welcome back") == ["welcome back"]


async def test_an_expired_connection_comes_back_with_a_fresh_token(
    scene: Scene, cast: Cast
) -> None:
    async def get_token() -> str:
        return scene.token("ana")

    _, diary = await cast.connected(get_token=get_token)
    await scene.api("refresh", user=scene.name("ana"), expired=True)
    assert (await diary.next("connecting")).code == 3005
    await diary.next("connected")


async def test_clients_of_a_stopping_gateway_wait_for_the_next(scene: Scene, cast: Cast) -> None:
    _, diary = await cast.connected("ana")
    await asyncio.to_thread(scene.gateway.stop)
    left = await diary.next("connecting")
    await asyncio.to_thread(scene.gateway.start)
    assert (left.code, left.reason) == (3001, "shutdown")
    await diary.next("connected")


async def test_a_client_that_leaves_is_gone(scene: Scene, cast: Cast) -> None:
    client, diary = await cast.connected()
    chat = scene.name("chat:tea")
    await subscribed(client, chat)
    await client.disconnect()
    assert (await diary.next("disconnected")).code == 0
    await scene.until_empty(chat)
