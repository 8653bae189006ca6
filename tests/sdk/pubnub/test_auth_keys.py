"""The official Python SDK: `grant()`, version 2 of the Access Manager, with auth keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pubnub.exceptions import PubNubException
from pubnub.models.consumer.v3.channel import Channel
from pubnub.pubnub import PubNub

from tests.gateway_process import GatewayProcess, running_gateway

from .clients import GUARDED, SETTINGS, client, name, server

pytestmark = pytest.mark.filterwarnings("ignore:Access management v2 is being deprecated")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway of this module's own: a grant changes what bad tokens are told."""
    folder = tmp_path_factory.mktemp("auth-keys")
    pubnub = SETTINGS["pubnub"] | {"storage_path": str(folder / "messages.sqlite3")}
    with running_gateway(SETTINGS | {"pubnub": pubnub}, folder) as running:
        yield running


@pytest.fixture
def backend(gateway: GatewayProcess) -> Iterator[PubNub]:
    """The application's server, which has granted something to somebody already."""
    with server(gateway) as (pubnub, _):
        pubnub.grant().channels("elsewhere").auth_keys("somebody").read(True).sync()
        yield pubnub


@pytest.fixture
def ana(gateway: GatewayProcess) -> Iterator[PubNub]:
    with client(gateway, "ana", GUARDED, auth_key="anas key") as (pubnub, _):
        yield pubnub


def refused(call: Any) -> None:
    with pytest.raises(PubNubException, match="Forbidden") as refusal:
        call.sync()
    assert refusal.value.get_status_code() == 403


def flags(data: Any) -> tuple[Any, ...]:
    return data.read_enabled, data.write_enabled, data.manage_enabled, data.delete_enabled


READ_WRITE = (True, True, False, False)


def test_a_key_may_do_what_was_granted_to_it_until_it_is_taken_back(
    backend: PubNub, ana: PubNub, gateway: GatewayProcess
) -> None:
    room = name()
    backend.grant().channels(room).auth_keys("anas key").read(True).write(True).sync()
    ana.publish().channel(room).message("tea").sync()
    assert ana.fetch_messages().channels(room).sync().result.channels[room]
    refused(ana.delete_messages().channel(room))
    refused(ana.publish().channel(name()).message("tea"))
    with client(gateway, "bo", GUARDED, auth_key="bos key") as (bo, _):
        refused(bo.fetch_messages().channels(room))
    backend.grant().channels(room).auth_keys("anas key").read(True).write(False).sync()
    refused(ana.publish().channel(room).message("tea"))
    backend.grant().channels(room).auth_keys("anas key").read(False).sync()
    refused(ana.fetch_messages().channels(room))


def test_a_subscriber_with_a_key_hears(backend: PubNub, gateway: GatewayProcess) -> None:
    room, group = name(), name("group")
    backend.add_channel_to_channel_group().channel_group(group).channels(room).sync()
    backend.grant().channel_groups(group).auth_keys("cys key").read(True).sync()
    with client(gateway, "cy", GUARDED, auth_key="cys key") as (cy, ear):
        cy.subscribe().channel_groups(group).execute()
        ear.connected()
        backend.publish().channel(room).message("tea").sync()
        assert ear.next("message").message == "tea"


def test_what_is_granted_to_everybody_needs_no_key(
    backend: PubNub, gateway: GatewayProcess
) -> None:
    room = name("open")
    backend.grant().channels([f"{room}.*", room]).read(True).sync()
    with client(gateway, "bo", GUARDED) as (bo, _):
        for each in (room, f"{room}.tea"):
            assert bo.fetch_messages().channels(each).sync().result.channels == {}
            refused(bo.publish().channel(each).message("tea"))
        refused(bo.fetch_messages().channels(f"{room}s"))


def test_grants_outlive_a_restart(tmp_path: Path) -> None:
    pubnub = SETTINGS["pubnub"] | {"storage_path": str(tmp_path / "messages.sqlite3")}
    with running_gateway(SETTINGS | {"pubnub": pubnub}, tmp_path) as mortal:
        with server(mortal) as (backend, _):
            backend.grant().channels("room").auth_keys("k").read(True).ttl(0).sync()
        mortal.crash_and_return()
        with client(mortal, "bo", GUARDED, auth_key="k") as (bo, _):
            bo.fetch_messages().channels("room").sync()


def test_the_sdk_reads_what_was_granted(backend: PubNub) -> None:
    """In the seven shapes that there are for it."""

    def granted(**names: Any) -> Any:
        call = backend.grant().read(True).write(True)
        for what, value in names.items():
            getattr(call, what)(value)
        return call.sync().result

    one = granted(channels="a", auth_keys="k")
    assert (one.level, one.ttl) == ("user", 1440)
    assert flags(one.channels["a"].auth_keys["k"]) == READ_WRITE
    assert flags(granted(channels="a").channels["a"]) == READ_WRITE
    many = granted(channels=["a", "b"], auth_keys=["k", "l"])
    assert flags(many.channels["b"].auth_keys["l"]) == READ_WRITE
    assert flags(granted(channel_groups="g").groups["g"]) == READ_WRITE
    group = granted(channel_groups="g", auth_keys="k")
    assert group.level == "channel-group+auth"
    assert flags(group.groups["g"].auth_keys["k"]) == READ_WRITE
    both = granted(channel_groups=["g", "h"], channels=["a", "b"], auth_keys=["k", "l"])
    assert flags(both.groups["h"].auth_keys["l"]) == READ_WRITE
    assert flags(both.channels["a"].auth_keys["k"]) == READ_WRITE
    user = backend.grant().uuids("bo").auth_keys("k").get(True).ttl(5).sync().result
    assert (user.level, user.ttl, user.uuids["bo"].auth_keys["k"].get) == ("uuid", 5, True)


def test_everything_can_be_granted_to_everybody_and_taken_back(
    backend: PubNub, gateway: GatewayProcess
) -> None:
    everything = backend.grant().read(True).write(True).ttl(1).sync().result
    assert (everything.level, flags(everything)) == ("subkey", READ_WRITE)
    with client(gateway, "bo", GUARDED) as (bo, _):
        bo.publish().channel(name()).message("tea").sync()
        assert flags(backend.grant().read(False).sync().result) == (False, False, False, False)
        refused(bo.publish().channel(name()).message("tea"))


def test_only_the_holder_of_the_secret_key_grants(gateway: GatewayProcess) -> None:
    with (
        client(gateway, "mallory", GUARDED, secret_key="a guess") as (mallory, _),
        pytest.raises(PubNubException, match="Signature does not match"),
    ):
        mallory.grant().channels("a").read(True).sync()


@pytest.mark.parametrize(
    ("channels", "ttl", "words"),
    [("a", 525_601, "Invalid ttl"), ([f"room-{n}" for n in range(501)], 5, "Too many")],
    ids=["ttl", "names"],
)
def test_a_grant_has_bounds(backend: PubNub, channels: Any, ttl: int, words: str) -> None:
    call = backend.grant().channels(channels).auth_keys(["k", "l"]).read(True).ttl(ttl)
    with pytest.raises(PubNubException, match=words) as refusal:
        call.sync()
    assert refusal.value.get_status_code() == 400


def test_tokens_go_on_beside_auth_keys(backend: PubNub, ana: PubNub) -> None:
    room = name()
    backend.grant().channels(name()).auth_keys("anas key").read(True).sync()
    grant = backend.grant_token().channels([Channel.id(room).read()]).authorized_uuid("ana")
    ana.set_token(grant.ttl(1).sync().result.token)
    ana.fetch_messages().channels(room).sync()
    refused(ana.publish().channel(room).message("tea"))
