"""Presence over HTTP: who is told of whose coming and going, and what is known of the absent."""

import time
from typing import Any

import httpx
import pytest

from hark_gateway.protocols.pubnub.door import PubNubDoor
from hark_gateway.server import Gateway

from .scene import cursor, door_of, get, interests, poll

PRESENCE = "/v2/presence/sub-key/sub"


class Clock:
    """Time as the tests want it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def door(gateway: Gateway) -> PubNubDoor:
    return door_of(gateway)


@pytest.fixture
def clock(door: PubNubDoor, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the test say what time it is, and when what is due is done."""
    clock = Clock()
    for owner, name in (
        (door, "_clock"),
        (door.service, "now"),
        (door.service.polls, "_clock"),
    ):
        monkeypatch.setattr(owner, name, clock)
    sweep = door.sweep
    monkeypatch.setattr(door, "sweep", lambda _: sweep(clock.now))
    return clock


async def heartbeat(http: httpx.AsyncClient, names: str, **query: Any) -> None:
    await get(http, f"{PRESENCE}/channel/{names}/heartbeat", **query)


async def heard(http: httpx.AsyncClient, names: str, tt: str, **query: Any) -> list[Any]:
    """Return the presence events that a poll brings, as (action, user)."""
    answer = await poll(http, names, tt, **query)
    return [(message["d"]["action"], message["d"]["uuid"]) for message in answer["m"]]


@pytest.mark.parametrize(
    "names", ["room,room-pnpres", "top.*,top.*-pnpres", "room,other,room-pnpres"]
)
async def test_one_hears_of_ones_own_coming_though_the_heartbeat_was_first(
    http: httpx.AsyncClient, names: str
) -> None:
    await heartbeat(http, names, uuid="ana")
    tt = await cursor(http, names, uuid="ana")
    assert await heard(http, names, tt, uuid="ana") == [("join", "ana")]
    listed = await get(http, f"{PRESENCE}/channel/{names.partition(',')[0]}")
    assert listed["uuids"] == ["ana"]


async def test_one_hears_of_ones_own_coming_to_a_group(http: httpx.AsyncClient) -> None:
    await get(http, "/v1/channel-registration/sub-key/sub/channel-group/g", add="room")
    await heartbeat(http, ",", uuid="ana", **{"channel-group": "g"})
    query = {"uuid": "ana", "channel-group": "g,g-pnpres"}
    tt = await cursor(http, ",", **query)
    assert await heard(http, ",", tt, **query) == [("join", "ana")]


async def test_of_ones_coming_one_hears_once_and_others_at_once(http: httpx.AsyncClient) -> None:
    names = "room,room-pnpres"
    bos = await cursor(http, names, uuid="bo")
    await heartbeat(http, "room", uuid="ana")
    assert await heard(http, names, bos, uuid="bo") == [("join", "bo"), ("join", "ana")]
    first = await cursor(http, names, uuid="ana")
    assert await heard(http, names, first, uuid="ana") == [("join", "ana")]
    second = await cursor(http, names, uuid="ana")
    assert int(second) > int(first)
    await heartbeat(http, "room", uuid="cy")
    assert await heard(http, names, second, uuid="ana") == [("join", "cy")]


async def test_after_a_while_a_heartbeat_and_a_subscribe_are_two_things(
    http: httpx.AsyncClient, door: PubNubDoor, clock: Clock
) -> None:
    await heartbeat(http, "room", uuid="ana")
    clock.now += 11
    door.sweep(clock.now)
    tt = await cursor(http, "room,room-pnpres", uuid="ana")
    await heartbeat(http, "room", uuid="bo")
    assert await heard(http, "room,room-pnpres", tt, uuid="ana") == [("join", "bo")]


@pytest.mark.parametrize("seconds", [3, 7.5, 20, 300])
async def test_a_heartbeat_that_stops_is_a_timeout_after_as_long_as_was_asked_for(
    http: httpx.AsyncClient, door: PubNubDoor, clock: Clock, seconds: float
) -> None:
    tt = await cursor(http, "room-pnpres", uuid="ana")
    await heartbeat(http, "room", uuid="bo", heartbeat=seconds)
    clock.now += seconds - 0.1
    door.sweep(clock.now)
    assert door.service.presence.is_present("bo", "room")
    clock.now += 0.4
    door.sweep(clock.now)
    assert not door.service.presence.is_present("bo", "room")
    assert await heard(http, "room-pnpres", tt, uuid="ana") == [("join", "bo"), ("timeout", "bo")]


async def test_a_subscribe_that_asks_for_no_time_keeps_to_what_the_heartbeat_asked_for(
    http: httpx.AsyncClient, door: PubNubDoor, clock: Clock
) -> None:
    tt = await cursor(http, "room", uuid="bo")
    await heartbeat(http, "room", uuid="bo", heartbeat=20)
    await cursor(http, "room", uuid="bo")
    clock.now += 20.5
    door.sweep(clock.now)
    assert not door.service.presence.is_present("bo", "room")
    assert tt


async def test_what_somebody_says_who_is_not_there_can_be_read(http: httpx.AsyncClient) -> None:
    tt = await cursor(http, "a-pnpres", uuid="ana")
    mood = '{"mood":"ok"}'
    await get(http, f"{PRESENCE}/channel/a,b/uuid/bo/data", state=mood, uuid="bo")
    one = await get(http, f"{PRESENCE}/channel/a/uuid/bo")
    assert one["payload"] == {"mood": "ok"}
    both = await get(http, f"{PRESENCE}/channel/a,b,c/uuid/bo")
    assert both["payload"]["channels"] == {"a": {"mood": "ok"}, "b": {"mood": "ok"}, "c": {}}
    assert (await get(http, f"{PRESENCE}/channel/a"))["uuids"] == []
    await heartbeat(http, "a", uuid="bo")
    assert await heard(http, "a-pnpres", tt, uuid="ana") == [("join", "bo")]
    here = await get(http, f"{PRESENCE}/channel/a", state=1)
    assert here["uuids"] == [{"uuid": "bo", "state": {"mood": "ok"}}]


async def test_the_presence_of_a_channel_in_a_group_is_no_channel_to_be_on(
    http: httpx.AsyncClient, door: PubNubDoor
) -> None:
    group = "/v1/channel-registration/sub-key/sub/channel-group/g"
    await get(http, group, add="room,room-pnpres")
    await heartbeat(http, ",", uuid="ana", **{"channel-group": "g"})
    await cursor(http, ",", uuid="ana", **{"channel-group": "g"})
    assert door.service.presence.channels_of("ana") == ["room"]


@pytest.mark.parametrize("query", ["filter-expr=((", "tt=x", "uuid=%ff"])
async def test_a_subscriber_who_cannot_be_understood_leaves_nothing_behind(
    http: httpx.AsyncClient, gateway: Gateway, query: str
) -> None:
    assert (await http.get(f"/v2/subscribe/sub/room/0?{query}")).status_code == 400
    assert interests(gateway) == []


@pytest.mark.parametrize(
    "refused",
    [
        "/v2/subscribe/sub/room/0?uuid=ana&state=%7B",
        "/v2/subscribe/sub/room/0?uuid=ana&heartbeat=x",
        f"{PRESENCE}/channel/room/heartbeat?uuid=ana&state=[]",
        f"{PRESENCE}/channel/room/heartbeat?uuid=ana&heartbeat=-1",
        "/v1/channel-registration/sub-key/sub/channel-group/g?add=room&remove=a:b",
    ],
)
async def test_what_is_refused_has_changed_nothing(
    http: httpx.AsyncClient, door: PubNubDoor, refused: str
) -> None:
    assert (await http.get(refused)).status_code == 400
    assert door.service.presence.channels_of("ana") == []
    assert dict(door.service.groups.all) == {}


@pytest.mark.parametrize("odd", ["ch.bar*", "a:b", "x" * 100, "a b", "a.b.c.*", "*"])
async def test_nobody_is_where_nobody_can_be(http: httpx.AsyncClient, odd: str) -> None:
    await get(http, "/v1/channel-registration/sub-key/sub/channel-group/g", add="room")
    await cursor(http, "room", uuid="ana")
    found = await get(http, f"{PRESENCE}/channel/ch,{odd}", **{"channel-group": "g"})
    assert list(found["payload"]["channels"]) == ["room"]
    alone = await get(http, f"{PRESENCE}/channel/{odd}")
    assert (alone["occupancy"], alone["uuids"]) == (0, [])
    state = await get(http, f"{PRESENCE}/channel/{odd}/uuid/ana")
    assert state["payload"] == {}
    await get(http, f"{PRESENCE}/channel/{odd}/leave", uuid="ana")
    beat = await http.get(f"{PRESENCE}/channel/{odd}/heartbeat", params={"uuid": "ana"})
    assert beat.status_code == 400
