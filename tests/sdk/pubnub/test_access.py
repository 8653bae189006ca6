"""The official Python SDK: grants, what they allow, and how they end."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pubnub.endpoints.presence.leave import Leave
from pubnub.enums import PNStatusCategory
from pubnub.exceptions import PubNubException
from pubnub.models.consumer.v3.channel import Channel
from pubnub.models.consumer.v3.group import Group
from pubnub.pubnub import PubNub

from tests.gateway_process import GatewayProcess

from .clients import GUARDED, Ear, client, name, server, short_lived_token


@pytest.fixture
def backend(gateway: GatewayProcess) -> Iterator[PubNub]:
    """The application's server, which holds the secret key."""
    with server(gateway) as (pubnub, _):
        yield pubnub


@pytest.fixture
def ana(gateway: GatewayProcess) -> Iterator[tuple[PubNub, Ear]]:
    """Ana's client, without a token yet."""
    with client(gateway, "ana", GUARDED) as both:
        yield both


def grant(backend: PubNub, *channels: Channel, user: str | None = "ana", **more: Any) -> str:
    call = backend.grant_token().channels(list(channels)).ttl(more.pop("ttl", 60))
    if user is not None:
        call = call.authorized_uuid(user)
    for what, value in more.items():
        call = getattr(call, what)(value)
    return str(call.sync().result.token)


def refused(call: Any, *words: str) -> None:
    """Assert that a call is refused as the SDK's own access-denied, with these words."""
    with pytest.raises(PubNubException) as refusal:
        call.sync()
    assert refusal.value.get_status_code() == 403
    for word in words:
        assert word in str(refusal.value)
    failed: list[Any] = []
    call.pn_async(lambda _, status: failed.append(status))
    deadline = time.monotonic() + 10
    while not failed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert failed[0].category == PNStatusCategory.PNAccessDeniedCategory


def test_a_grant_opens_its_channel_to_its_user(backend: PubNub, ana: Any) -> None:
    room = name()
    token = grant(backend, Channel.id(room).read().write().delete())
    parsed = backend.parse_token(token)
    assert (parsed["ttl"], parsed["authorized_uuid"]) == (60, "ana")
    assert parsed["resources"]["channels"][room]["delete"] is True

    pubnub, ear = ana
    pubnub.set_token(token)
    pubnub.subscribe().channels(room).execute()
    ear.connected()
    pubnub.publish().channel(room).message({"hi": 1}).use_post(True).sync()
    assert ear.next("message").message == {"hi": 1}
    assert len(pubnub.fetch_messages().channels(room).sync().result.channels[room]) == 1
    pubnub.delete_messages().channel(room).sync()


def test_without_a_token_nothing_is_allowed(ana: Any) -> None:
    pubnub, _ = ana
    refused(pubnub.publish().channel("a").message("x"), "Forbidden", "Access Manager")
    refused(pubnub.fetch_messages().channels("a"), "Forbidden")
    refused(pubnub.here_now().channels("a"), "Forbidden")
    refused(pubnub.delete_messages().channel("a"), "Forbidden")
    refused(pubnub.message_counts().channel("a").channel_timetokens([1]), "Forbidden")
    refused(pubnub.list_channels_in_channel_group().channel_group("g"), "Forbidden")


def test_each_permission_opens_one_thing(backend: PubNub, ana: Any) -> None:
    room = name()
    pubnub, _ = ana
    pubnub.set_token(grant(backend, Channel.id(room).read()))
    pubnub.fetch_messages().channels(room).sync()
    refused(pubnub.publish().channel(room).message("x"), room)
    refused(pubnub.delete_messages().channel(room), room)
    refused(pubnub.fetch_messages().channels([room, "another"]), "another")
    pubnub.set_token(grant(backend, Channel.id(room).write()))
    pubnub.publish().channel(room).message("x").sync()
    refused(pubnub.fetch_messages().channels(room), room)


def test_a_pattern_opens_what_it_matches_whole(backend: PubNub, ana: Any) -> None:
    pubnub, _ = ana
    pubnub.set_token(grant(backend, Channel.pattern("^news-[a-z]+$").write()))
    pubnub.publish().channel("news-tea").message("x").sync()
    refused(pubnub.publish().channel("news-1").message("x"))
    refused(pubnub.publish().channel("old-news-tea").message("x"))


def test_a_group_is_managed_with_its_own_permission(backend: PubNub, ana: Any) -> None:
    group = name("group")
    pubnub, _ = ana
    pubnub.set_token(grant(backend, Channel.id("a").read(), groups=[Group.id(group).manage()]))
    pubnub.add_channel_to_channel_group().channel_group(group).channels(["a"]).sync()
    refused(pubnub.add_channel_to_channel_group().channel_group("other").channels(["a"]))


def test_another_users_token_is_worth_nothing(backend: PubNub, ana: Any) -> None:
    room = name()
    pubnub, _ = ana
    pubnub.set_token(grant(backend, Channel.id(room).read(), user="bo"))
    refused(pubnub.fetch_messages().channels(room), "granted to another user id")
    pubnub.set_token(grant(backend, Channel.id(room).read(), user=None))
    pubnub.fetch_messages().channels(room).sync()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[:-6] + "AAAAA=", id="altered"),
        pytest.param(lambda token: token[: len(token) // 2], id="cut"),
        pytest.param(lambda token: "nonsense", id="nonsense"),
    ],
)
def test_a_forged_token_is_refused(backend: PubNub, ana: Any, spoil: Callable[[str], str]) -> None:
    pubnub, _ = ana
    pubnub.set_token(spoil(grant(backend, Channel.id("a").read())))
    refused(pubnub.fetch_messages().channels("a"), "Invalid token")


def test_a_revoked_token_ends_a_running_subscription(backend: PubNub, ana: Any) -> None:
    room = name()
    token = grant(backend, Channel.id(room).read())
    pubnub, ear = ana
    pubnub.set_token(token)
    pubnub.subscribe().channels(room).execute()
    ear.connected()
    backend.revoke_token(token).sync()
    denied = PNStatusCategory.PNAccessDeniedCategory
    ear.next("status", lambda status: status.category == denied)
    refused(pubnub.fetch_messages().channels(room), "Token is revoked")


def test_an_expiring_token_ends_a_running_subscription(ana: Any) -> None:
    room = name()
    pubnub, ear = ana
    pubnub.set_token(short_lived_token("ana", room))
    pubnub.subscribe().channels(room).execute()
    ear.connected()
    denied = PNStatusCategory.PNAccessDeniedCategory
    ear.next("status", lambda status: status.category == denied)
    refused(pubnub.fetch_messages().channels(room), "Token is expired.")


def test_who_lacks_the_secret_key_cannot_grant_or_revoke(
    gateway: GatewayProcess, backend: PubNub
) -> None:
    token = grant(backend, Channel.id("a").read())
    with client(gateway, "mallory", GUARDED, secret_key="a guess") as (mallory, _):
        refused(mallory.grant_token().channels([Channel.id("a").read()]).ttl(1), "signature")
        refused(mallory.revoke_token(token), "signature")
        refused(mallory.publish().channel("a").message("x"), "Signature does not match")


def test_an_unknown_key_is_named_in_the_networks_words(gateway: GatewayProcess) -> None:
    unknown = {"publish_key": "pub-x", "subscribe_key": "sub-x"}
    with client(gateway, "ana", unknown) as (pubnub, _):
        for call, words in (
            (pubnub.publish().channel("a").message("x"), "Invalid Key"),
            (pubnub.fetch_messages().channels("a"), "Invalid Subscribe Key"),
        ):
            with pytest.raises(PubNubException, match=words) as refusal:
                call.sync()
            assert refusal.value.get_status_code() == 400


def test_where_somebody_is_and_taking_them_out_want_a_right(
    gateway: GatewayProcess, backend: PubNub, ana: Any
) -> None:
    room = name()
    with client(gateway, "bo", GUARDED) as (bo, bos_ear):
        bo.set_token(grant(backend, Channel.id(room).read(), user="bo"))
        bo.subscribe().channels(room).execute()
        bos_ear.connected()
        pubnub, _ = ana
        refused(pubnub.where_now().uuid("bo"), "Forbidden")
        pubnub.set_token(grant(backend, Channel.id(room).read()))
        assert pubnub.where_now().uuid("bo").sync().result.channels == [room]
        with client(gateway, "bo", GUARDED) as (impostor, _):
            refused(Leave(impostor).channels(room), "Forbidden")
        assert pubnub.where_now().uuid("bo").sync().result.channels == [room]


@pytest.mark.parametrize("minutes", [-5, 43_201])
def test_a_ttl_outside_the_range_is_a_bad_request(backend: PubNub, minutes: int) -> None:
    with pytest.raises(PubNubException, match="Range should be") as refusal:
        grant(backend, Channel.id("a").read(), ttl=minutes)
    assert refusal.value.get_status_code() == 400


def test_every_signed_request_is_understood(backend: PubNub) -> None:
    """The server's own client needs no token, whatever characters its parameters have."""
    room, ear = name(), Ear()
    backend.add_listener(ear)
    backend.add_channel_to_channel_group().channel_group("all~x").channels([room]).sync()
    backend.subscribe().channels(room).channel_groups("all~x").execute()
    ear.connected()
    backend.publish().channel(room).message("a/b + ü").meta({"k": "v w+~*'()"}).sync()
    assert ear.next("message").message == "a/b + ü"
    backend.publish().channel(room).message("posted").use_post(True).should_store(True).sync()
    assert ear.next("message").message == "posted"
    backend.set_state().channels(room).state({"a b": "ü~"}).sync()
    backend.here_now().channels(room).include_state(True).sync()
    backend.where_now().uuid("ser ver").sync()
    backend.fetch_messages().channels([room, "b"]).sync()
    backend.delete_messages().channel(room).start(1).sync()
    backend.time().sync()
