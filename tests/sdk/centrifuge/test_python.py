"""The scenarios (see scenarios.py), played by centrifuge-python."""

import asyncio
import time
from typing import Any

import pytest
from centrifuge import DeltaType, Filter, ReplyError, StreamPosition

from .diary import Cast, Diary, subscribed, subscription
from .scene import OTHER_SECRET, Scene

ANY_JSON = [
    {"text": "Grüße, 世界 🎉", "nested": [[[{}]]]},
    [1, 2.5, -1e300, True, None],
    "a line\nand another\r\u2028\u0000",
    0,
    False,
    "",
    {"": {"push": {}}},
]


def data_of(diary: Diary) -> list[Any]:
    """Return the contents of all publications so far."""
    return [context.pub.data for context in diary.all("publication")]


async def until_published(diary: Diary, last: Any) -> list[Any]:
    """Wait for a publication; return the contents of all that came up to it."""
    while (await diary.next("publication")).pub.data != last:
        pass
    return data_of(diary)


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


# Subscribing


async def test_subscriptions_wait_for_the_connection(scene: Scene, cast: Cast) -> None:
    client, _ = cast.client()
    rooms = [subscription(client, scene.name(f"chat:{number}")) for number in range(5)]
    for room, _ in rooms:
        await room.subscribe()
    await client.connect()
    for _, diary in rooms:
        await diary.next("subscribed")


async def test_a_subscription_token_opens_its_channel(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    vault = scene.name("$vault:tea")
    token = scene.subscription_token(vault, data={"hello": "ana"})
    safe, diary = subscription(client, vault, token=token)
    await safe.subscribe()
    granted = await diary.next("subscribed")
    assert granted.data == {"hello": "ana"}
    await scene.publish(vault, "gold")
    assert (await diary.next("publication")).pub.data == "gold"


async def test_a_forged_subscription_token_fails_the_subscription_alone(
    scene: Scene, cast: Cast
) -> None:
    client, _ = await cast.connected()
    vault = scene.name("vault:tea")
    forged = scene.subscription_token(vault, secret=OTHER_SECRET)
    safe, diary = subscription(client, vault, token=forged)
    await safe.subscribe()
    assert (await diary.next("unsubscribed")).code == 103
    await subscribed(client, scene.name("chat:tea"))


@pytest.mark.parametrize("wrong", ["channel", "user"])
async def test_a_subscription_token_for_another_ends_the_connection_for_good(
    scene: Scene, cast: Cast, wrong: str
) -> None:
    client, diary = await cast.connected("ana")
    vault = scene.name("vault:tea")
    if wrong == "user":
        token = scene.subscription_token(vault, "bo")
    else:
        token = scene.subscription_token(scene.name("vault:coffee"), "ana")
    safe, _ = subscription(client, vault, token=token)
    await safe.subscribe()
    assert (await diary.next("disconnected")).code == 3500


async def test_an_expired_subscription_token_is_replaced_by_a_fresh_one(
    scene: Scene, cast: Cast
) -> None:
    async def get_token(channel: str) -> str:
        return scene.subscription_token(channel)

    client, _ = await cast.connected()
    vault = scene.name("vault:tea")
    expired = scene.subscription_token(vault, exp=time.time() - 1)
    safe, diary = subscription(client, vault, token=expired, get_token=get_token)
    await safe.subscribe()
    assert (await diary.next("error")).error.code == 109
    await diary.next("subscribed")


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        pytest.param("$chat:tea", 103, id="private without a token"),
        pytest.param("vault:tea", 103, id="not open to clients"),
        pytest.param("attic:tea", 102, id="of no namespace"),
        pytest.param("chat:té", 107, id="not ASCII"),
    ],
)
async def test_a_closed_channel_stays_closed(
    scene: Scene, cast: Cast, channel: str, code: int
) -> None:
    client, _ = await cast.connected()
    closed, diary = subscription(client, scene.name(channel))
    await closed.subscribe()
    assert (await diary.next("unsubscribed")).code == code
    await subscribed(client, scene.name("chat:tea"))  # the connection is as good as before


async def test_a_user_limited_channel_admits_the_users_it_lists(scene: Scene, cast: Cast) -> None:
    dialog = f"dialog:{scene.mark}#{scene.name('ana')},{scene.name('bo')}"
    for user in ("ana", "bo"):
        client, _ = await cast.connected(user)
        await subscribed(client, dialog)
    client, _ = await cast.connected("cy")
    closed, diary = subscription(client, dialog)
    await closed.subscribe()
    assert (await diary.next("unsubscribed")).code == 103


async def test_a_returning_subscriber_gets_exactly_what_it_missed(scene: Scene, cast: Cast) -> None:
    client, diary = await cast.connected()
    feed = scene.name("feed:tea")
    _, posts = await subscribed(client, feed)
    await scene.publish(feed, 1)
    await posts.next("publication")
    scene.cable.cut()
    await diary.next("connecting")
    await scene.publish(feed, 2, 3, 4)
    scene.cable.mend()
    granted = await posts.next("subscribed")
    assert (granted.was_recovering, granted.recovered) == (True, True)
    await scene.publish(feed, 5)
    assert await until_published(posts, 5) == [1, 2, 3, 4, 5]


async def test_who_missed_more_than_is_kept_is_told_so(scene: Scene, cast: Cast) -> None:
    client, diary = await cast.connected()
    feed = scene.name("feed:tea")
    _, posts = await subscribed(client, feed)
    scene.cable.cut()
    await diary.next("connecting")
    await scene.publish(feed, *range(6))
    scene.cable.mend()
    granted = await posts.next("subscribed")
    assert (granted.was_recovering, granted.recovered) == (True, False)
    await scene.publish(feed, "new")
    assert await until_published(posts, "new") == ["new"]


async def test_a_returning_subscriber_gets_the_latest_state(scene: Scene, cast: Cast) -> None:
    client, diary = await cast.connected()
    state = scene.name("state:lamp")
    _, states = await subscribed(client, state)
    scene.cable.cut()
    await diary.next("connecting")
    await scene.publish(state, "on", "off", "on again")
    scene.cable.mend()
    assert (await states.next("subscribed")).recovered
    assert await until_published(states, "on again") == ["on again"]


async def test_an_application_goes_on_from_the_position_of_its_own_state(
    scene: Scene, cast: Cast
) -> None:
    feed = scene.name("feed:tea")
    await scene.publish(feed, 1, 2, 3)
    epoch = (await scene.api("history", channel=feed))["epoch"]
    positions = [StreamPosition(0, "another epoch"), StreamPosition(1, epoch)]

    async def get_state(_channel: str) -> StreamPosition:
        return positions.pop(0)

    client, _ = await cast.connected()
    _, posts = await subscribed(client, feed, get_state=get_state)
    assert await until_published(posts, 3) == [2, 3]
    assert not positions  # the first was refused as unrecoverable


async def test_a_delta_that_is_asked_for_is_declined(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    feed = scene.name("feed:tea")
    _, posts = await subscribed(client, feed, delta=DeltaType.FOSSIL)
    await scene.publish(feed, {"lamp": "on"}, {"lamp": "off"})
    assert await until_published(posts, {"lamp": "off"}) == [{"lamp": "on"}, {"lamp": "off"}]


async def test_a_tags_filter_is_refused(scene: Scene, cast: Cast) -> None:
    client, _ = await cast.connected()
    closed, diary = subscription(
        client, scene.name("feed:tea"), tags_filter=Filter.eq("colour", "red")
    )
    await closed.subscribe()
    assert (await diary.next("unsubscribed")).code == 107


# Publications, history, presence


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
