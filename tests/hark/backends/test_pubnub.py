"""The PubNub backend, on the gateway's PubNub protocol as on PubNub's network."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pubnub.exceptions import PubNubException

from hark import tokens
from hark.backends.base import Misconfigured, Publication, Refused, Unavailable
from hark.backends.pubnub.backend import PubNubBackend, shortened
from hark.backends.pubnub.tokens import PubNubToken
from hark.channels import Channel
from tests.gateway_process import GatewayProcess, running_gateway

KEYS = {"publish_key": "pub-c-1", "subscribe_key": "sub-c-1", "secret_key": "sec-c-1"}
SETTINGS: dict[str, Any] = {
    "channel": {"namespaces": [{"name": "inbox"}, {"name": "article"}]},
    "pubnub": {"enabled": True, "keysets": [KEYS]},
}
INBOX = Channel("inbox", "42")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with running_gateway(SETTINGS, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def options(gateway: GatewayProcess) -> dict[str, Any]:
    return KEYS | {"origin": f"127.0.0.1:{gateway.port}", "ssl": False}


@pytest.fixture
def backend(options: dict[str, Any], db: None) -> Iterator[PubNubBackend]:
    made = PubNubBackend(options, timeout=4.5)
    yield made
    made.close()


def fetched(gateway: GatewayProcess, info: Any, channel: str) -> Any:
    """Ask for history with a client's token; return the answer."""
    url = f"{gateway.url}/v3/history/sub-key/sub-c-1/channel/{channel}"
    asked = {"auth": info.token, "uuid": info.user_id, "include_custom_message_type": "true"}
    asked |= {"include_meta": "true", "include_uuid": "true"}
    return httpx.get(url, params=asked)


def connect(backend: PubNubBackend, *channels: Channel) -> Any:
    expires_at = timezone.now() + timedelta(minutes=10)
    return backend.connect_info("42", channels or [INBOX], expires_at=expires_at)


def test_what_is_published_is_read_with_the_token_of_connect(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    outcomes = backend.publish([Publication(channel=INBOX, data={"modseq": 7, "text": "ü"})])
    assert outcomes == [None]
    info = connect(backend)
    (item,) = fetched(gateway, info, "inbox.42").json()["channels"]["inbox.42"][-1:]
    assert item["message"] == {"modseq": 7, "text": "ü"}
    assert (item["meta"], item["uuid"]) == ({"modseq": 7}, "hark")
    assert item["custom_message_type"] == "hark"


def test_connect_tells_a_client_all_that_it_needs(
    options: dict[str, Any], backend: PubNubBackend
) -> None:
    info = connect(backend)
    assert (info.backend, info.subscribe_key, info.user_id) == ("pubnub", "sub-c-1", "42")
    assert (info.origin, info.ssl, info.channels) == (options["origin"], False, ["inbox.42"])
    remaining = (info.expires_at - timezone.now()).total_seconds()
    assert 590 < remaining <= 660


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("given", "seconds"), [({}, 3600), ({"TOKEN_TTL": 300}, 300)])
def test_a_token_lives_for_an_hour_unless_told_otherwise(
    options: dict[str, Any], settings: Any, given: dict[str, Any], seconds: int
) -> None:
    path = "hark.backends.pubnub.PubNubBackend"
    settings.HARK = {"BACKEND": path, "OPTIONS": options} | given
    remaining = (tokens.connect_info(42).expires_at - timezone.now()).total_seconds()
    assert seconds - 10 < remaining <= seconds + 60


def test_a_token_opens_exactly_its_channels_for_reading(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    info = connect(backend)
    assert fetched(gateway, info, "inbox.42").status_code == 200
    assert fetched(gateway, info, "inbox.43").status_code == 403
    path = "/publish/pub-c-1/sub-c-1/0/inbox.42/0/1"
    asked = {"auth": info.token, "uuid": "42"}
    assert httpx.get(gateway.url + path, params=asked).status_code == 403
    stranger = asked | {"uuid": "43"}
    url = f"{gateway.url}/v3/history/sub-key/sub-c-1/channel/inbox.42"
    assert httpx.get(url, params=stranger).status_code == 403


def test_a_subscription_opens_one_more_channel_beside_the_inbox(backend: PubNubBackend) -> None:
    expires_at = timezone.now() + timedelta(minutes=10)
    token = backend.subscription("42", Channel("article", "7"), expires_at=expires_at)
    parsed = backend._client.parse_token(token)
    assert set(parsed["resources"]["channels"]) == {"inbox.42", "article.7"}
    assert parsed["authorized_uuid"] == "42"


def test_disconnecting_revokes_every_token_of_the_user_and_no_others(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    first, second = connect(backend), connect(backend, INBOX, Channel("article", "1"))
    expires_at = timezone.now() + timedelta(minutes=10)
    other = backend.connect_info("43", [Channel("inbox", "43")], expires_at=expires_at)
    backend.disconnect("42")
    for info in (first, second):
        answer = fetched(gateway, info, "inbox.42")
        assert (answer.status_code, answer.json()["message"]) == (403, "Token is revoked")
    assert fetched(gateway, other, "inbox.43").status_code == 200
    backend.disconnect("42")  # once more does no harm
    assert fetched(gateway, connect(backend), "inbox.42").status_code == 200  # back at once


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_none_of_many_tokens_granted_at_once_escapes_revocation(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    together = threading.Barrier(8)

    def connect_often(_number: int) -> list[Any]:
        together.wait()
        try:
            return [connect(backend) for _ in range(10)]
        finally:
            connection.close()

    with ThreadPoolExecutor(together.parties) as web:
        granted = [
            info for infos in web.map(connect_often, range(together.parties)) for info in infos
        ]
    backend.disconnect("42")
    assert {fetched(gateway, info, "inbox.42").status_code for info in granted} == {403}


def test_what_could_not_be_revoked_is_revoked_once_pubnub_answers_again(
    gateway: GatewayProcess, backend: PubNubBackend, options: dict[str, Any]
) -> None:
    info = connect(backend)
    unreachable = PubNubBackend(options | {"origin": "127.0.0.1:1"}, timeout=1)
    with closing(unreachable), pytest.raises(Unavailable):
        unreachable.disconnect("42")
    backend.disconnect("42")
    assert fetched(gateway, info, "inbox.42").status_code == 403


def test_tokens_are_kept_no_longer_than_they_are_worth(backend: PubNubBackend) -> None:
    for user_id in ("42", "43"):
        PubNubToken.objects.create(user_id=user_id, token="t", expires_at=timezone.now())
    info = connect(backend)
    (held,) = PubNubToken.objects.filter(user_id="42")
    assert (held.token, held.expires_at) == (info.token, info.expires_at)
    call_command("hark", "prune", verbosity=0)
    assert list(PubNubToken.objects.all()) == [held]


def test_order_within_a_channel_is_kept_while_channels_go_out_together(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    channels = [Channel("article", f"ordered-{number}") for number in range(10)]
    publications = [
        Publication(channel=channel, data={"n": n}) for n in range(5) for channel in channels
    ]
    assert backend.publish(publications) == [None] * 50
    info = connect(backend, *channels)
    for channel in channels:
        name = f"article.{channel.key}"
        items = fetched(gateway, info, name).json()["channels"][name]
        assert [item["message"]["n"] for item in items] == [0, 1, 2, 3, 4]


def test_a_push_beyond_the_limit_goes_out_as_ids_for_the_client_to_fetch(
    gateway: GatewayProcess, backend: PubNubBackend
) -> None:
    items = [{"id": 5, "modseq": 41, "body": "x" * 40_000}]
    push = {"since": 40, "modseq": 41, "items": items, "counts": {"unread": 1, "unseen": 1}}
    channel = Channel("inbox", "44")
    assert backend.publish([Publication(channel=channel, data=push)]) == [None]
    info = connect(backend, channel)
    (item,) = fetched(gateway, info, "inbox.44").json()["channels"]["inbox.44"]
    assert item["message"] == {
        "since": 41,
        "modseq": 41,
        "items": [],
        "counts": {"unread": 1, "unseen": 1},
        "changed": [{"id": 5, "modseq": 41}],
    }
    assert len(json.dumps(shortened(push))) < 200


def test_an_event_beyond_the_limit_is_refused_and_the_others_go_out(
    backend: PubNubBackend,
) -> None:
    large = Publication(channel=Channel("article", "1"), data={"text": "x" * 40_000})
    small = Publication(channel=Channel("article", "1"), data={"text": "x"})
    refused, accepted = backend.publish([large, small])
    assert isinstance(refused, Refused)
    assert "Too Large" in str(refused)
    assert accepted is None


@pytest.mark.parametrize("key", ["publish_key", "subscribe_key", "secret_key"])
def test_a_wrong_key_is_a_setting_to_correct(options: dict[str, Any], key: str) -> None:
    backend = PubNubBackend(options | {key: "wrong"}, timeout=5)
    with pytest.raises(Misconfigured):
        backend.publish([Publication(channel=INBOX, data={})])
    backend.close()


def test_an_unreachable_origin_is_tried_again_later(options: dict[str, Any]) -> None:
    backend = PubNubBackend(options | {"origin": "127.0.0.1:1"}, timeout=1)
    with pytest.raises(Unavailable):
        backend.publish([Publication(channel=INBOX, data={})])
    with pytest.raises(Unavailable):
        backend.ping()
    backend.close()


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0, Unavailable),
        (429, Unavailable),
        (503, Unavailable),
        (403, Misconfigured),
        (400, Refused),
    ],
)
def test_each_status_of_pubnub_has_a_meaning_for_the_relay(
    backend: PubNubBackend, monkeypatch: pytest.MonkeyPatch, status: int, meaning: type[Exception]
) -> None:
    def fail() -> None:
        raise PubNubException(errormsg="for a reason", status_code=status)

    with pytest.raises(meaning, match="for a reason"):
        backend._call(fail)


def test_it_says_whom_it_reached(options: dict[str, Any], backend: PubNubBackend) -> None:
    assert backend.ping() == f"{options['origin']}, sub-c-1"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"publish_key": ""}, "publish_key"),
        ({"subscribe_key": ""}, "subscribe_key"),
        ({"secret_key": ""}, "secret_key"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": "Zoë"}, "user_id"),
        ({"origin": "http://localhost"}, "origin"),
        ({"message_ttl": -1}, "message_ttl"),
        ({"api_key": "of another backend"}, "api_key"),
    ],
)
def test_a_wrong_option_is_named_by_the_system_check(
    settings: Any, options: dict[str, Any], wrong: dict[str, Any], named: str
) -> None:
    settings.HARK = {
        "BACKEND": "hark.backends.pubnub.PubNubBackend",
        "OPTIONS": options | wrong,
    }
    errors = [error for error in run_checks(tags=["hark"]) if error.id == "hark.E005"]
    assert [named in error.msg for error in errors] == [True]


@pytest.mark.parametrize("missing", ["publish_key", "subscribe_key", "secret_key"])
def test_a_missing_option_is_named(options: dict[str, Any], missing: str) -> None:
    del options[missing]
    with pytest.raises(Misconfigured, match=missing):
        PubNubBackend(options, timeout=1)
