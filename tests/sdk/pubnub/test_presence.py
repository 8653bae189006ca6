"""The official Python SDK: who is where."""

import time
from typing import Any

import httpx
from pubnub.pubnub import PubNub

from tests.gateway_process import GatewayProcess

from .clients import client, name


def occupants(pubnub: PubNub, room: str) -> set[str]:
    channels = pubnub.here_now().channels(room).sync().result.channels
    return {each.uuid for channel in channels for each in channel.occupants}


def test_coming_going_and_saying_something_are_heard(gateway: GatewayProcess) -> None:
    room = name()
    with client(gateway, "ana") as (ana, ear), client(gateway, "bo") as (bo, bos_ear):
        ana.subscribe().channels(room).with_presence().execute()
        own = ear.next("presence")
        assert (own.event, own.uuid, own.occupancy, own.channel) == ("join", "ana", 1, room)
        bo.subscribe().channels(room).execute()
        bos_ear.connected()
        joined = ear.next("presence")
        assert (joined.event, joined.uuid, joined.occupancy) == ("join", "bo", 2)
        assert occupants(ana, room) == {"ana", "bo"}

        bo.set_state().channels(room).state({"mood": "ok"}).sync()
        changed = ear.next("presence")
        assert (changed.event, changed.uuid, changed.state) == (
            "state-change",
            "bo",
            {"mood": "ok"},
        )
        states = ana.get_state().channels(room).uuid("bo").sync().result.channels
        assert states[room] == {"mood": "ok"}

        bo.unsubscribe().channels(room).execute()
        left = ear.next("presence")
        assert (left.event, left.uuid, left.occupancy) == ("leave", "bo", 1)
        assert occupants(ana, room) == {"ana"}


def test_a_client_that_vanishes_times_out(gateway: GatewayProcess) -> None:
    room = name()
    with client(gateway, "ana") as (ana, ear):
        ana.subscribe().channels(room).with_presence().execute()
        ear.next("presence", lambda event: event.uuid == "ana")
        beat(gateway, "bo", room, seconds=10)
        ear.next("presence", lambda event: event.uuid == "bo" and event.event == "join")
        gone = ear.next("presence", lambda event: event.uuid == "bo")
        assert (gone.event, gone.occupancy) == ("timeout", 1)


def beat(gateway: GatewayProcess, user: str, room: str, *, seconds: int) -> None:
    """Send the one heartbeat of a client that is never heard of again."""
    path = f"/v2/presence/sub-key/sub-open/channel/{room}/heartbeat"
    answer = httpx.get(gateway.url + path, params={"uuid": user, "heartbeat": seconds})
    assert answer.status_code == 200


def test_it_can_be_asked_where_someone_is(gateway: GatewayProcess) -> None:
    rooms, user = [name(), name()], name("user")
    with client(gateway, user) as (ana, ear):
        ana.subscribe().channels(rooms).execute()
        ear.connected()
        assert set(ana.where_now().uuid(user).sync().result.channels) == set(rooms)
        counted = ana.here_now().channels(rooms).include_uuids(False).sync().result
        assert (counted.total_occupancy, counted.total_channels) == (2, 2)


def test_the_presence_of_a_group_is_that_of_its_channels(gateway: GatewayProcess) -> None:
    group, room = name("group"), name()
    with client(gateway, "ana") as (ana, ear), client(gateway, "bo") as (bo, _):
        ana.add_channel_to_channel_group().channel_group(group).channels([room]).sync()
        ana.subscribe().channel_groups(group).with_presence().execute()
        ear.connected()
        bo.subscribe().channels(room).execute()
        joined = ear.next("presence", lambda event: event.uuid == "bo")
        assert (joined.event, joined.channel, joined.subscription) == ("join", room, group)


def test_the_presence_of_a_wildcard_is_that_of_all_below_it(gateway: GatewayProcess) -> None:
    top = name("top")
    with client(gateway, "ana") as (ana, ear), client(gateway, "bo") as (bo, _):
        ana.subscribe().channels(f"{top}.*").with_presence().execute()
        ear.connected()
        bo.subscribe().channels(f"{top}.a").execute()
        joined = ear.next("presence", lambda event: event.uuid == "bo")
        assert (joined.event, joined.channel) == ("join", f"{top}.a")


def beating(seconds: int) -> dict[str, Any]:
    """Return what `set_presence_timeout` sets, and what makes the SDK send heartbeats at all."""
    return {
        "enable_presence_heartbeat": True,
        "heartbeat_default_values": False,
        "_presence_timeout": seconds,
        "_heartbeat_interval": seconds / 2 - 1,
    }


def test_a_client_with_heartbeats_hears_its_own_coming_and_the_going_of_another(
    gateway: GatewayProcess,
) -> None:
    """The SDK sends its first heartbeat before its first subscribe, or beside it."""
    for _ in range(5):
        room = name()
        with client(gateway, "ana", **beating(20)) as (ana, ear):
            ana.subscribe().channels(room).with_presence().execute()
            own = ear.next("presence")
            assert (own.event, own.uuid, own.channel) == ("join", "ana", room)
            beat(gateway, "bo", room, seconds=2)
            heard = [(event.event, event.uuid) for event in (ear.next("presence") for _ in "12")]
            assert heard == [("join", "bo"), ("timeout", "bo")]


def test_heartbeats_that_stop_are_a_timeout_though_the_client_listens_on(
    gateway: GatewayProcess,
) -> None:
    room = name()
    with client(gateway, "ana") as (ana, ear), client(gateway, "bo", **beating(6)) as (bo, bos):
        ana.subscribe().channels(room).with_presence().execute()
        ear.next("presence", lambda event: event.uuid == "ana")
        bo.subscribe().channels(room).execute()
        bos.connected()
        time.sleep(2.5)  # for at least one heartbeat by the timer
        bo._subscription_manager._stop_heartbeat_timer()
        heard = [ear.next("presence", lambda event: event.uuid == "bo").event for _ in "12"]
        assert heard == ["join", "timeout"]


def test_a_heartbeat_carries_what_one_says_of_oneself(gateway: GatewayProcess) -> None:
    room = name()
    mood = {"mood": "ok & 100% über"}
    with client(gateway, "ana", **beating(6)) as (ana, ear):
        ana.subscribe().channels(room).execute()
        ear.connected()
        ana.set_state().channels(room).state(mood).sync()
        time.sleep(3)  # at least one heartbeat, which repeats it
        assert ana.get_state().channels(room).uuid("ana").sync().result.channels[room] == mood


def test_the_state_of_somebody_who_is_not_there_can_be_read(gateway: GatewayProcess) -> None:
    rooms = [name(), name()]
    with client(gateway, name("user")) as (ana, _):
        ana.set_state().channels(rooms).state({"name": "Alex", "count": 5}).sync()
        read = ana.get_state().channels(rooms).sync().result.channels
        assert read == {room: {"name": "Alex", "count": 5} for room in rooms}


def test_here_now_takes_an_odd_name_beside_a_group(gateway: GatewayProcess) -> None:
    group, room = name("group"), name()
    with client(gateway, "ana") as (ana, ear):
        ana.add_channel_to_channel_group().channel_group(group).channels([room]).sync()
        ana.subscribe().channels(room).execute()
        ear.connected()
        call = ana.here_now().channels([room, "ch.bar*"]).channel_groups(group)
        found = call.sync().result
        assert (found.total_channels, found.total_occupancy) == (1, 1)
