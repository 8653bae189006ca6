"""The official Python SDK: what happens when the gateway goes, and comes back."""

import pytest

from tests.gateway_process import GatewayProcess

from .clients import client, name
from .test_messages import publish


@pytest.mark.parametrize("how", ["crashes", "is restarted"])
def test_a_subscriber_goes_on_where_it_was_when_the_gateway(
    mortal: GatewayProcess, how: str
) -> None:
    room = name()
    with client(mortal, "ana") as (ana, ear), client(mortal, "bo") as (bo, _):
        ana.subscribe().channels(room).execute()
        ear.connected()
        publish(bo, room, "before")
        assert ear.next("message").message == "before"
        if how == "crashes":
            mortal.kill()
        else:
            mortal.stop()
        mortal.start()
        publish(bo, room, "after")
        assert ear.next("message").message == "after"


def test_what_was_missed_is_caught_up_with_across_a_restart(mortal: GatewayProcess) -> None:
    room = name()
    with client(mortal, "bo") as (bo, _):
        cursor = bo.time().sync().result
        for text in ("one", "two"):
            publish(bo, room, text)
        mortal.crash_and_return()
        with client(mortal, "ana") as (ana, ear):
            ana.subscribe().channels(room).with_timetoken(int(cursor)).execute()
            assert [ear.next("message").message for _ in range(2)] == ["one", "two"]


def test_history_groups_and_revocations_outlive_a_crash(mortal: GatewayProcess) -> None:
    room, group = name(), name("group")
    with client(mortal, "ana") as (ana, _):
        first = publish(ana, room, "one")
        ana.add_channel_to_channel_group().channel_group(group).channels([room]).sync()
        mortal.crash_and_return()
        assert publish(ana, room, "two") > first
        found = ana.fetch_messages().channels(room).sync().result.channels[room]
        assert [item.message for item in found] == ["one", "two"]
        ana.delete_messages().channel(room).sync()
        mortal.crash_and_return()
        assert ana.fetch_messages().channels(room).sync().result.channels == {}
        listed = ana.list_channels_in_channel_group().channel_group(group).sync().result
        assert listed.channels == [room]
