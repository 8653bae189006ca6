"""Applications' own channels: who may listen, and what is published in them."""

import threading
from decimal import Decimal
from typing import Any

import jwt
import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, transaction
from django.shortcuts import get_object_or_404
from rest_framework.test import APIClient

from hark import Channel, channel, channels, publish, tokens
from hark.backends.base import Unavailable
from hark.exceptions import BadChannel, NotSerializable, TooLarge, UnknownNamespace
from hark.models import Outbox
from hark.relay.loop import Relay
from tests.hark.conftest import nested
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import drain
from tests.hark.testapp.models import Article


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only even articles may be listened to."""
    monkeypatch.setattr(channels, "_policies", {})
    channel("article")(lambda user, key: int(key) % 2 == 0)


def test_events_go_out_in_order_once_committed(relay: Relay, backend: RecordingBackend) -> None:
    with transaction.atomic():
        publish("article:1", {"never": True})
        transaction.set_rollback(True)
    for number in range(3):
        publish(Channel("article", "2"), {"number": number, "price": Decimal("1.10")})
    drain(relay)
    assert backend.published == {
        "article:2": [{"number": number, "price": "1.10"} for number in range(3)]
    }
    assert not Outbox.objects.exists()


def test_an_event_that_fails_keeps_those_after_it_waiting_and_no_others(
    relay: Relay, backend: RecordingBackend
) -> None:
    backend.refused = {"article:1"}
    publish("article:1", {"number": 1})
    drain(relay)
    backend.refused = set()
    publish("article:1", {"number": 2})
    publish("article:2", {"number": 3})
    drain(relay)
    assert backend.published == {"article:2": [{"number": 3}]}
    Outbox.objects.update(due_at="2020-01-01T00:00Z")
    drain(relay)
    assert backend.published["article:1"] == [{"number": 1}, {"number": 2}]


def test_an_event_is_given_up_visibly_and_lets_the_next_one_pass(
    relay: Relay, backend: RecordingBackend, settings: Any
) -> None:
    settings.HARK = {**settings.HARK, "MAX_ATTEMPTS": 1}
    backend.refused = {"article:1"}
    publish("article:1", {"number": 1})
    drain(relay)
    row = Outbox.objects.get()
    assert (row.due_at, row.attempts, row.error) == (None, 1, "Refused: not this one")
    backend.refused = set()
    publish("article:1", {"number": 2})
    drain(relay)
    assert backend.published["article:1"] == [{"number": 2}]


class Announcing(RecordingBackend):
    """Says when it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.called = threading.Event()
        self.ephemeral: list[bool] = []

    def publish(self, publications: Any) -> Any:
        self.ephemeral += [each.ephemeral for each in publications]
        try:
            return super().publish(publications)
        finally:
            self.called.set()


@pytest.mark.parametrize("failing", [None, Unavailable("down")])
def test_ephemeral_events_write_nothing_and_wait_for_nothing(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    failing: Exception | None,
) -> None:
    to = Announcing()
    to.failing = failing
    monkeypatch.setattr("hark.publishing.backend", lambda: to)
    with django_capture_on_commit_callbacks(execute=True):
        publish("article:1", {"typing": "ana"}, ephemeral=True)
        assert not to.called.is_set()
    assert to.called.wait(5)
    assert to.ephemeral == [True]
    assert to.published == ({} if failing else {"article:1": [{"typing": "ana"}]})
    assert not Outbox.objects.exists()


@pytest.mark.parametrize(
    "name", ["", "article", "article:", ":1", "a b:1", "article:1:2", "a:" + "x" * 200, "inbox:7"]
)
def test_a_bad_channel_is_refused(db: None, name: str) -> None:
    with pytest.raises(BadChannel):
        publish(name, {})


@pytest.mark.parametrize(
    "event",
    [
        None, [], "x", {"x": object()}, {"x": float("nan")}, {"x": "a\0b"}, {"\ud83d": 1},
        nested(101), nested(9999),
    ],
)  # fmt: skip
def test_an_event_is_a_json_object(db: None, event: Any) -> None:
    with pytest.raises(NotSerializable):
        publish("article:1", event)


def test_an_event_at_the_limit_of_nesting_is_published(
    relay: Relay, backend: RecordingBackend
) -> None:
    publish("article:1", nested(100))
    drain(relay)
    assert backend.published == {"article:1": [nested(100)]}


def test_an_event_has_a_size(db: None) -> None:
    publish("article:1", {"x": "x" * (32 * 1024 - len(b'{"x": ""}'))})
    publish("article:1", {"x": "语" * ((32 * 1024 - len(b'{"x": ""}')) // 3)})
    with pytest.raises(TooLarge, match="32,768"):
        publish("article:1", {"x": "x" * 32 * 1024})
    with pytest.raises(TooLarge, match="32,778"):
        publish("article:1", {"x": "语" * 10923})


def test_the_policy_decides_who_may_listen(policy: None, bo: Any, bo_client: APIClient) -> None:
    answer = bo_client.post("/api/hark/subscribe/", {"channel": "article:2"}, format="json")
    secret = django_settings.HARK["OPTIONS"]["token_secret"]
    claims = jwt.decode(answer.json()["token"], secret, algorithms=["HS256"])
    assert (claims["sub"], claims["channel"]) == (str(bo.pk), "article:2")
    assert answer.json()["channel"] == "article:2"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("article:1", 403),
        ("unknown:1", 403),
        ("inbox:1", 403),
        ("nonsense", 400),
        ("", 400),
        ("a:" + "x" * 300, 400),
        (None, 400),
        ({}, 400),
    ],
)
def test_nobody_else_may(policy: None, bo_client: APIClient, name: Any, status: int) -> None:
    answer = bo_client.post("/api/hark/subscribe/", {"channel": name}, format="json")
    assert answer.status_code == status


def _by_key(_user: Any, key: str) -> bool:
    return Article.objects.filter(pk=key).exists()


def _by_query(_user: Any, key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere WHERE name = %s", [key])
    return True


def _by_lookup(_user: Any, key: str) -> bool:
    return bool(get_object_or_404(Article, title=key))


@pytest.mark.parametrize(
    ("policy_of", "is_logged"), [(_by_key, True), (_by_query, True), (_by_lookup, False)]
)
def test_a_policy_that_fails_admits_nobody_and_spoils_no_transaction(
    *, policy_of: Any, is_logged: bool, bo: Any, bo_client: APIClient,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setitem(channels._policies, "odd", policy_of)
    answer = bo_client.post("/api/hark/subscribe/", {"channel": "odd:abc"}, format="json")
    assert answer.status_code == 403
    assert Article.objects.count() == 0
    assert ("'odd' fails at the key 'abc'" in caplog.text) == is_logged


def test_a_policy_that_cannot_ask_the_database_is_no_refusal(
    bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_user: Any, _key: str) -> bool:
        raise OperationalError("the server closed the connection")

    monkeypatch.setitem(channels._policies, "odd", away)
    with pytest.raises(OperationalError):
        tokens.subscription(bo, Channel("odd", "1"))


def test_a_namespace_has_one_policy_and_inboxes_have_none(policy: None) -> None:
    for namespace in ("article", "inbox", "no good", "a"):
        with pytest.raises(BadChannel):
            channel(namespace)(lambda user, key: True)


@pytest.mark.parametrize("ephemeral", [False, True])
def test_a_namespace_that_nobody_declared_is_refused(db: None, ephemeral: bool) -> None:
    with pytest.raises(UnknownNamespace) as refusal:
        publish("artcile:1", {"likes": 12}, ephemeral=ephemeral)
    assert '@channel("artcile")' in str(refusal.value)
    assert "declared: article" in str(refusal.value)
    assert not Outbox.objects.exists()


def test_an_ephemeral_event_that_is_refused_is_in_the_log(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    to = Announcing()
    to.refused = {"article:1"}
    monkeypatch.setattr("hark.publishing.backend", lambda: to)
    publish("article:1", {"typing": "ana"}, ephemeral=True)
    publish("article:2", {"typing": "ana"}, ephemeral=True)
    assert to.called.wait(10)
    while "article:2" not in to.published:
        threading.Event().wait(0.01)
    assert "article:1 was lost: not this one" in caplog.text
