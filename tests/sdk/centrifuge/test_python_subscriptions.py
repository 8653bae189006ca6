"""The scenarios (see scenarios.py) about subscribing, played by centrifuge-python."""

import time

import pytest
from centrifuge import DeltaType, Filter, StreamPosition

from .diary import Cast, subscribed, subscription, until_published
from .scene import OTHER_SECRET, Scene


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
