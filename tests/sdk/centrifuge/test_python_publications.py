"""The scenarios (see scenarios.py) about publications and history, played by centrifuge-python."""

import pytest
from centrifuge import ReplyError, StreamPosition

from .diary import Cast, subscribed, until_published
from .scene import Scene

ANY_JSON = [
    {"text": "Grüße, 世界 🎉", "nested": [[[{}]]]},
    [1, 2.5, -1e300, True, None],
    "a line\nand another\r\u2028\u0000",
    0,
    False,
    "",
    {"": {"push": {}}},
]


async def test_what_a_client_publishes_reaches_everybody_with_its_name(
    scene: Scene, cast: Cast
) -> None:
    chat = scene.name("chat:tea")
    ana, _ = await cast.connected(token=scene.token("ana", info={"name": "Ana"}))
    bo, _ = await cast.connected("bo")
    room, heard_by_ana = await subscribed(ana, chat)
    _, heard_by_bo = await subscribed(bo, chat)
    await room.publish({"text": "hello"})
    for diary in (heard_by_ana, heard_by_bo):
        publication = (await diary.next("publication")).pub
        assert publication.data == {"text": "hello"}
        assert publication.info.user == scene.name("ana")
        assert publication.info.conn_info == {"name": "Ana"}


async def test_publishing_needs_permission(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    with pytest.raises(ReplyError) as refused:
        await client.publish(scene.name("chat:tea"), "to a room that it is not in")
    assert refused.value.code == 103


async def test_a_client_publishes_to_a_channel_it_only_writes_to(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    feed = scene.name("feed:tea")
    await client.publish(feed, "dropped in")
    kept = await scene.api("history", channel=feed, limit=-1)
    assert [each["data"] for each in kept["publications"]] == ["dropped in"]
    assert kept["publications"][0]["info"]["user"] == scene.name("ana")


async def test_any_json_arrives_as_it_was(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    chat = scene.name("chat:tea")
    room, diary = await subscribed(client, chat)
    await scene.publish(chat, *ANY_JSON)
    for data in ANY_JSON:
        await room.publish(data)
    await scene.publish(chat, "the end")
    assert await until_published(diary, "the end") == [*ANY_JSON, *ANY_JSON, "the end"]


async def test_tags_come_with_a_publication(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    chat = scene.name("chat:tea")
    _, diary = await subscribed(client, chat)
    await scene.api("publish", channel=chat, data=1, tags={"colour": "red"})
    assert (await diary.next("publication")).pub.tags == {"colour": "red"}


async def test_a_burst_arrives_whole_and_in_order(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    chat = scene.name("chat:tea")
    _, diary = await subscribed(client, chat)
    burst = [{"publish": {"channel": chat, "data": number}} for number in range(200)]
    await scene.api_batch(burst)
    assert await until_published(diary, 199) == list(range(200))


async def test_a_large_publication_arrives_whole(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    chat = scene.name("chat:tea")
    _, diary = await subscribed(client, chat)
    await scene.publish(chat, "x" * 300_000)
    assert len((await diary.next("publication")).pub.data) == 300_000


async def test_history_is_read_in_pages_from_either_end(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    feed = scene.name("feed:tea")
    await scene.publish(feed, "a", "b", "c", "d")
    top = await client.history(feed)
    assert (top.publications, top.offset) == ([], 4)
    for options, page in [
        ({"limit": -1}, "abcd"),
        ({"limit": 2}, "ab"),
        ({"limit": 2, "since": StreamPosition(2, top.epoch)}, "cd"),
        ({"limit": -1, "reverse": True}, "dcba"),
        ({"limit": 9, "since": StreamPosition(3, top.epoch), "reverse": True}, "ba"),
    ]:
        found = await client.history(feed, **options)
        assert "".join(each.data for each in found.publications) == page
    with pytest.raises(ReplyError) as refused:
        await client.history(feed, limit=1, since=StreamPosition(2, "another"))
    assert refused.value.code == 112


async def test_history_and_presence_are_refused_where_there_is_none(
    scene: Scene, cast: Cast
) -> None:
    client, _ = await cast.connected()
    room, _ = await subscribed(client, scene.name("chat:tea"))
    with pytest.raises(ReplyError) as refused:
        await room.history(limit=1)
    assert refused.value.code == 108
    feed, _ = await subscribed(client, scene.name("feed:tea"))
    for ask in (feed.presence, feed.presence_stats):
        with pytest.raises(ReplyError) as refused:
            await ask()
        assert refused.value.code == 108


async def test_presence_shows_who_is_there(scene: Scene, cast: Cast) -> None:
    chat = scene.name("chat:tea")
    ana, _ = await cast.connected(token=scene.token("ana", info={"name": "Ana"}))
    again, _ = await cast.connected("ana")
    bo, _ = await cast.connected("bo")
    room, _ = await subscribed(ana, chat)
    await subscribed(again, chat)
    await subscribed(bo, chat)
    clients = (await room.presence()).clients
    assert sorted(each.user for each in clients.values()) == sorted(
        [scene.name("ana"), scene.name("ana"), scene.name("bo")]
    )
    assert {"name": "Ana"} in [each.conn_info for each in clients.values()]
    stats = await room.presence_stats()
    assert (stats.num_clients, stats.num_users) == (3, 2)


async def test_presence_needs_permission(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    with pytest.raises(ReplyError) as refused:
        await client.presence(scene.name("chat:tea"))
    assert refused.value.code == 103


async def test_subscribers_hear_who_comes_and_goes(scene: Scene, cast: Cast) -> None:
    chat = scene.name("chat:tea")
    ana, _ = await cast.connected("ana")
    bo, _ = await cast.connected("bo")
    _, diary = await subscribed(ana, chat)
    assert (await diary.next("join")).info.user == scene.name("ana")
    room, _ = await subscribed(bo, chat)
    assert (await diary.next("join")).info.user == scene.name("bo")
    await room.unsubscribe()
    assert (await diary.next("leave")).info.user == scene.name("bo")
    await room.subscribe()
    assert (await diary.next("join")).info.user == scene.name("bo")
    await bo.disconnect()
    assert (await diary.next("leave")).info.user == scene.name("bo")


async def test_a_client_that_dies_leaves(scene: Scene, cast: Cast) -> None:
    chat = scene.name("chat:tea")
    client, diary = await cast.connected("ana")
    await subscribed(client, chat)
    assert (await scene.api("presence_stats", channel=chat)) == {"num_clients": 1, "num_users": 1}
    scene.cable.cut()
    await diary.next("connecting")
    await scene.until_empty(chat)
