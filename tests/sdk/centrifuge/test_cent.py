"""The server API, called by the official client `cent`, once blocking and once with asyncio."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import cent
import pytest
from aiohttp import ClientTimeout
from cent.dto import BoolValue, ConnectionsRequest, StreamPosition

from .diary import Cast, subscribed, until_published
from .scene import KEY, Scene

Call = Callable[[Any], Any]


@pytest.fixture(params=["sync", "async"])
async def ask(request: pytest.FixtureRequest, scene: Scene) -> AsyncIterator[Call]:
    """Return what makes a call of the server API, given a request of cent's."""
    async with caller(request.param, scene.gateway.url + "/api", KEY) as ask:
        yield ask


@asynccontextmanager
async def caller(kind: str, url: str, key: str) -> AsyncIterator[Call]:
    """Open one of cent's two clients, and give both the same form."""
    if kind == "async":
        async with cent.AsyncClient(url, key) as client:
            # its own default, a bare number, is a form that aiohttp gives up
            yield lambda call: getattr(client, call.__api_method__)(call, timeout=ClientTimeout(10))
    else:
        with cent.Client(url, key) as blocking:
            yield lambda call: asyncio.to_thread(getattr(blocking, call.__api_method__), call)


async def refusal(answer: Any) -> int:
    """Return the code of the error with which a call is answered."""
    with pytest.raises(cent.CentApiResponseError) as refused:
        await answer
    return refused.value.code


# Publishing


async def test_a_publication_is_numbered_where_history_is_kept(scene: Scene, ask: Call) -> None:
    feed = scene.name("feed:tea")
    first = await ask(cent.PublishRequest(channel=feed, data={"n": 1}))
    second = await ask(cent.PublishRequest(channel=feed, data={"n": 2}))
    assert (first.offset, second.offset) == (1, 2)
    assert len(first.epoch) == 8
    assert first.epoch == second.epoch
    plain = await ask(cent.PublishRequest(channel=scene.name("chat:tea"), data={}))
    assert (plain.offset, plain.epoch) == (0, "")


async def test_a_publication_may_skip_history(scene: Scene, cast: Cast, ask: Call) -> None:
    feed = scene.name("feed:tea")
    client, _ = await cast.connected()
    _, posts = await subscribed(client, feed)
    await ask(cent.PublishRequest(channel=feed, data="fleeting", skip_history=True))
    assert await until_published(posts, "fleeting") == ["fleeting"]
    assert (await ask(cent.HistoryRequest(channel=feed, limit=-1))).publications == []


async def test_a_payload_may_be_base64(scene: Scene, cast: Cast, ask: Call) -> None:
    chat = scene.name("chat:tea")
    client, _ = await cast.connected()
    _, heard = await subscribed(client, chat)
    b64data = base64.b64encode(b'{\n"n": 1}').decode()
    await ask(cent.PublishRequest(channel=chat, data={}, b64data=b64data))
    assert await until_published(heard, {"n": 1}) == [{"n": 1}]


async def test_a_repeated_call_with_the_same_key_publishes_once(scene: Scene, ask: Call) -> None:
    feed = scene.name("feed:tea")
    call = cent.PublishRequest(channel=feed, data="once", idempotency_key="k")
    assert (await ask(call)).offset == (await ask(call)).offset == 1
    assert len((await ask(cent.HistoryRequest(channel=feed, limit=-1))).publications) == 1


async def test_an_outdated_version_is_dropped(scene: Scene, ask: Call) -> None:
    feed = scene.name("feed:tea")
    for version in (2, 1, 3):
        await ask(cent.PublishRequest(channel=feed, data=version, version=version))
    kept = await ask(cent.HistoryRequest(channel=feed, limit=-1))
    assert [each.data for each in kept.publications] == [2, 3]


async def test_a_broadcast_reaches_all_channels_and_answers_for_each(
    scene: Scene, cast: Cast, ask: Call
) -> None:
    client, _ = await cast.connected()
    rooms = [scene.name("chat:tea"), scene.name("chat:coffee")]
    diaries = [(await subscribed(client, room))[1] for room in rooms]
    channels = [rooms[0], "attic:tea", rooms[1], scene.name("feed:tea")]
    answer = await ask(cent.BroadcastRequest(channels=channels, data="to all", tags={"a": "b"}))
    errors = [each.error and each.error.code for each in answer.responses]
    assert errors == [None, 102, None, None]
    assert answer.responses[3].result.offset == 1
    for diary in diaries:
        publication = (await diary.next("publication")).pub
        assert (publication.data, publication.tags) == ("to all", {"a": "b"})


# Subscriptions and connections of others


async def test_a_user_is_subscribed_with_what_the_call_gives(
    scene: Scene, cast: Cast, ask: Call
) -> None:
    _, diary = await cast.connected("ana")
    chat = scene.name("chat:tea")
    call = cent.SubscribeRequest(
        user=scene.name("ana"), channel=chat, data={"hello": "ana"}, info={"role": "guest"}
    )
    await ask(call)
    granted = await diary.next("subscribed")
    assert (granted.channel, granted.data) == (chat, {"hello": "ana"})
    present = (await ask(cent.PresenceRequest(channel=chat))).presence
    assert [each.chan_info for each in present.values()] == [{"role": "guest"}]


async def test_a_subscription_may_override_its_channels_options(
    scene: Scene, cast: Cast, ask: Call
) -> None:
    _, diary = await cast.connected("ana")
    feed = scene.name("feed:tea")
    no_recovery = cent.ChannelOptionsOverride(force_recovery=BoolValue(value=False))
    await ask(cent.SubscribeRequest(user=scene.name("ana"), channel=feed, override=no_recovery))
    assert not (await diary.next("subscribed")).recoverable


async def test_one_client_of_a_user_is_meant_by_its_id(scene: Scene, cast: Cast, ask: Call) -> None:
    one, at_one = cast.client("ana")
    await one.connect()
    client = (await at_one.next("connected")).client
    _, at_other = await cast.connected("ana")
    inbox = scene.name("inbox:ana")
    await ask(cent.SubscribeRequest(user=scene.name("ana"), client=client, channel=inbox))
    assert (await at_one.next("subscribed")).channel == inbox
    await ask(cent.DisconnectRequest(user=scene.name("ana"), client=client))
    assert (await at_one.next("disconnected")).code == 3503
    assert at_other.all("subscribed") == at_other.all("disconnected") == []


async def test_a_user_is_unsubscribed(scene: Scene, cast: Cast, ask: Call) -> None:
    client, _ = await cast.connected("ana")
    chat = scene.name("chat:tea")
    _, diary = await subscribed(client, chat)
    await ask(cent.UnsubscribeRequest(user=scene.name("ana"), channel=chat))
    assert (await diary.next("unsubscribed")).code == 2000


async def test_all_but_the_listed_clients_are_disconnected(
    scene: Scene, cast: Cast, ask: Call
) -> None:
    kept, at_kept = cast.client("ana")
    await kept.connect()
    client = (await at_kept.next("connected")).client
    _, at_other = await cast.connected("ana")
    why = cent.Disconnect(code=4500, reason="one device only")
    await ask(cent.DisconnectRequest(user=scene.name("ana"), whitelist=[client], disconnect=why))
    ended = await at_other.next("disconnected")
    assert (ended.code, ended.reason) == (4500, "one device only")
    assert at_kept.all("disconnected") == []


async def test_a_connection_is_given_another_end(scene: Scene, cast: Cast, ask: Call) -> None:
    ends = time.time() + 2
    idler = asyncio.create_task(scene.unrefreshed_connection_ends(ends))
    _, diary = await cast.connected("ana", token=scene.token("ana", exp=ends))
    await ask(cent.RefreshRequest(user=scene.name("ana"), expire_at=int(time.time()) + 3600))
    assert (await idler)[0] == 3005
    assert len(diary.all("connecting")) == 1
    await ask(cent.RefreshRequest(user=scene.name("ana"), expired=True))
    assert (await diary.next("connecting")).code == 3005


async def test_a_users_tokens_are_invalidated(scene: Scene, cast: Cast, ask: Call) -> None:
    old = scene.token("ana", iat=time.time())
    _, diary = await cast.connected("ana", token=old)
    await ask(cent.InvalidateUserTokensRequest(user=scene.name("ana")))
    assert (await diary.next("connecting")).code == 3014
    thief, refusals = cast.client("ana", token=old)
    await thief.connect()
    assert (await refusals.next("error")).error.code == 109
    assert refusals.all("connected") == []


async def test_acting_on_somebody_who_is_not_there_succeeds(scene: Scene, ask: Call) -> None:
    user, channel = scene.name("nobody"), scene.name("inbox:nobody")
    for call in (
        cent.SubscribeRequest(user=user, channel=channel),
        cent.UnsubscribeRequest(user=user, channel=channel),
        cent.DisconnectRequest(user=user),
        cent.RefreshRequest(user=user),
    ):
        await ask(call)


# What there is


async def test_presence_and_its_counts(scene: Scene, cast: Cast, ask: Call) -> None:
    chat = scene.name("chat:tea")
    for user in ("ana", "ana", "bo"):
        client, _ = await cast.connected(user)
        await subscribed(client, chat)
    present = (await ask(cent.PresenceRequest(channel=chat))).presence
    assert {key: each.client for key, each in present.items()} == {key: key for key in present}
    stats = await ask(cent.PresenceStatsRequest(channel=chat))
    assert (stats.num_clients, stats.num_users) == (3, 2)


async def test_history_is_read_in_pages_and_removed(scene: Scene, ask: Call) -> None:
    feed = scene.name("feed:tea")
    for letter in "abcd":
        await ask(cent.PublishRequest(channel=feed, data=letter, tags={"is": letter}))
    top = await ask(cent.HistoryRequest(channel=feed))
    assert (top.publications, top.offset) == ([], 4)
    since = StreamPosition(offset=2, epoch=top.epoch)
    for options, page in [
        ({"limit": -1}, "abcd"),
        ({"limit": 1, "since": since}, "c"),
        ({"limit": 2, "reverse": True}, "dc"),
    ]:
        found = await ask(cent.HistoryRequest(channel=feed, **options))
        assert "".join(each.data for each in found.publications) == page
        assert [each.tags for each in found.publications] == [{"is": each} for each in page]
    await ask(cent.HistoryRemoveRequest(channel=feed))
    emptied = await ask(cent.HistoryRequest(channel=feed, limit=-1))
    assert (emptied.publications, emptied.offset, emptied.epoch) == ([], 4, top.epoch)


async def test_channels_with_subscribers_are_listed_by_pattern(
    scene: Scene, cast: Cast, ask: Call
) -> None:
    client, _ = await cast.connected()
    rooms = [scene.name("chat:tea"), scene.name("chat:coffee")]
    for room in [*rooms, scene.name("feed:tea")]:
        await subscribed(client, room)
    found = (await ask(cent.ChannelsRequest(pattern=f"chat:*-{scene.mark}"))).channels
    assert {name: each.num_clients for name, each in found.items()} == dict.fromkeys(rooms, 1)


async def test_the_server_tells_about_itself(cast: Cast, ask: Call) -> None:
    await cast.connected()
    (node,) = (await ask(cent.InfoRequest())).nodes
    assert node.uid
    assert node.version.startswith("hark")
    assert node.num_clients >= node.num_users >= 1


async def test_a_batch_is_answered_in_order(scene: Scene, ask: Call) -> None:
    feed = scene.name("feed:tea")
    calls = [
        cent.PublishRequest(channel=feed, data=1),
        cent.HistoryRequest(channel=feed, limit=-1),
        cent.BroadcastRequest(channels=[feed], data=2),
        cent.InfoRequest(),
    ]
    replies = (await ask(cent.BatchRequest(requests=calls))).replies
    assert replies[0].offset == 1
    assert [each.data for each in replies[1].publications] == [1]
    assert replies[2].responses[0].result.offset == 2
    assert len(replies[3].nodes) == 1


# Errors, in each form


async def test_refusals_carry_the_protocols_codes(scene: Scene, ask: Call) -> None:
    feed, chat = scene.name("feed:tea"), scene.name("chat:tea")
    other_epoch = StreamPosition(offset=1, epoch="another")
    odd_end = cent.Disconnect(code=1, reason="?")
    refused = [
        (cent.PublishRequest(channel="attic:tea", data={}), 102),
        (cent.PublishRequest(channel="", data={}), 107),
        (cent.PublishRequest(channel="x" * 256, data={}), 107),
        (cent.PublishRequest(channel=chat, data=None), 107),  # cent leaves None out
        (cent.PublishRequest(channel=chat, data={}, b64data="?"), 107),
        (cent.BroadcastRequest(channels=[], data={}), 107),
        (cent.SubscribeRequest(user="ana", channel="attic:tea"), 102),
        (cent.UnsubscribeRequest(user="ana", channel=""), 107),
        (cent.DisconnectRequest(user="ana", disconnect=odd_end), 107),
        (cent.PresenceRequest(channel=feed), 108),
        (cent.PresenceStatsRequest(channel=feed), 108),
        (cent.HistoryRequest(channel=chat), 108),
        (cent.HistoryRemoveRequest(channel=chat), 108),
        (cent.HistoryRequest(channel=feed, limit=1, since=other_epoch), 112),
    ]
    for call, code in refused:
        assert await refusal(ask(call)) == code, call


async def test_a_method_of_the_paid_edition_is_not_found(ask: Call) -> None:
    with pytest.raises(cent.CentTransportError) as refused:
        await ask(ConnectionsRequest(user="ana", expression=""))
    assert refused.value.status_code == 404


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("key", ["", "another key", KEY[:-1], KEY + "s"])
async def test_a_wrong_key_is_unauthorized(scene: Scene, kind: str, key: str) -> None:
    async with caller(kind, scene.gateway.url + "/api", key) as ask:
        with pytest.raises(cent.CentUnauthorizedError):
            await ask(cent.InfoRequest())


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_gateway_that_is_down_is_a_network_error(scene: Scene, kind: str) -> None:
    scene.cable.cut()
    async with caller(kind, f"http://127.0.0.1:{scene.cable.port}/api", KEY) as ask:
        with pytest.raises(cent.CentNetworkError):
            await ask(cent.InfoRequest())
