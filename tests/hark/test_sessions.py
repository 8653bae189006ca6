"""Whoever loses their session loses their sockets; through the outbox."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import alogin, get_user_model, login
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.test.utils import isolate_apps
from rest_framework.test import APIClient

from hark import Channel, channels, disconnect, unsubscribe
from hark.exceptions import BadChannel, UnknownNamespace
from hark.models import Outbox, Revocation
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend
from tests.hark.testapp.models import Member, Staff

BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_out(user: Any, client: APIClient) -> None:
    client.logout()


def change_password(user: Any, client: APIClient) -> None:
    user.set_password("another")
    user.save()


def deactivate(user: Any, client: APIClient) -> None:
    user.is_active = False
    user.save()


def delete(user: Any, client: APIClient) -> None:
    user.delete()


def forbid_passwords(user: Any, client: APIClient) -> None:
    user.set_unusable_password()
    user.save(update_fields=["password"])


def store_a_hash(user: Any, client: APIClient) -> None:
    user.password = make_password("another")
    user.save()


def delete_by_queryset(user: Any, client: APIClient) -> None:
    type(user).objects.filter(username=user.username).delete()


ENDS = [
    sign_out, change_password, forbid_passwords, store_a_hash, deactivate, delete,
    delete_by_queryset,
]  # fmt: skip
READS: list[Callable[[Any], Any]] = [
    pytest.param(lambda pk: get_user_model().objects.get(pk=pk), id="user"),
    pytest.param(lambda pk: get_user_model().objects.only("username").get(pk=pk), id="deferred"),
    pytest.param(lambda pk: Staff.objects.get(pk=pk), id="proxy"),
    pytest.param(lambda pk: Member.objects.get(user=pk), id="child"),
]


def closed() -> list[str]:
    """Return whose sockets the relay closes."""
    backend = RecordingBackend()
    Relay(backend, SingleRunner()).work()
    assert not Outbox.objects.exists()
    return backend.disconnected


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("read", READS)
def test_the_end_of_a_session_closes_its_sockets(
    client_of: Callable[[Any], APIClient],
    read: Callable[[Any], Any],
    end: Callable[[Any, APIClient], None],
    db: None,
) -> None:
    member = Member.objects.create(username="cy", email="cy@example.org")
    assert not Outbox.objects.exists()
    end(read(member.user_id), client_of(member.user))
    assert closed() == [str(member.user_id)]


def test_whoever_is_of_a_model_made_later_is_a_user_too(bo: Any) -> None:
    with isolate_apps("tests.hark.testapp"):

        class Late(get_user_model()):  # type: ignore[misc]
            class Meta:
                app_label = "testapp"
                proxy = True

    Late.objects.get(pk=bo.pk).delete()
    assert closed() == [str(bo.pk)]


def test_a_proxy_of_the_user_disconnects_by_the_users_key(db: None) -> None:
    member = Member.objects.create(username="cy", email="cy@example.org")
    disconnect(member)
    assert closed() == [str(member.user_id)]


def test_an_ordinary_save_closes_nothing(bo: Any) -> None:
    bo.save()
    bo.is_active = False
    bo.save(update_fields=["email"])
    Staff.objects.only("username").get(pk=bo.pk).save()
    assert not Outbox.objects.exists()


def test_a_change_that_is_rolled_back_closes_nothing(bo: Any) -> None:
    with transaction.atomic():
        change_password(bo, APIClient())
        transaction.set_rollback(True)
    assert not Outbox.objects.exists()


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "signed_cookies"])
@pytest.mark.parametrize("over", [login, async_to_sync(alogin)], ids=["login", "alogin"])
def test_signing_in_as_another_closes_the_formers_sockets_and_nobody_elses(
    bo: Any, ana: Any, engine: str, over: Any, settings: Any
) -> None:
    # Django's cached_db reads its cache within the event loop, which one in a database refuses.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    store = import_module(f"django.contrib.sessions.backends.{engine}").SessionStore
    request = HttpRequest()
    request.session = store()
    for person in (bo, bo, ana):
        over(request, person, backend=BACKEND)
    assert [row.subject for row in Outbox.objects.all()] == [str(bo.pk)]


def test_signing_in_as_another_by_a_new_request_closes_the_formers_sockets(
    bo: Any, ana: Any
) -> None:
    client = APIClient()
    client.force_login(bo)
    client.force_login(ana)
    client.force_login(ana)
    assert [row.subject for row in Outbox.objects.all()] == [str(bo.pk)]


def test_a_session_that_was_nobodys_closes_nothing_when_somebody_signs_in(bo: Any) -> None:
    client = APIClient()
    client.session["basket"] = 1
    client.force_login(bo)
    assert not Outbox.objects.exists()


def test_one_channel_ends_for_one_person(bo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_policies", {"room": lambda user, key: False})
    with transaction.atomic():
        unsubscribe(bo, "room:6")
        transaction.set_rollback(True)
    unsubscribe(bo, "room:7")
    unsubscribe(bo, Channel("room", "8"))
    backend = RecordingBackend()
    Relay(backend, SingleRunner()).work()
    assert backend.unsubscribed == [(str(bo.pk), "room:7"), (str(bo.pk), "room:8")]
    assert backend.disconnected == []
    assert not Outbox.objects.exists()


@pytest.mark.parametrize(
    ("channel", "error"),
    [("inbox:7", BadChannel), ("room", BadChannel), ("rooom:7", UnknownNamespace)],
)
def test_only_a_channel_that_may_be_listened_to_can_end(
    bo: Any, monkeypatch: pytest.MonkeyPatch, channel: str, error: type[Exception]
) -> None:
    monkeypatch.setattr(channels, "_policies", {"room": lambda user, key: False})
    with pytest.raises(error):
        unsubscribe(bo, channel)
    assert not Outbox.objects.exists()


def test_a_damaged_row_costs_only_itself(bo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_policies", {"room": lambda user, key: False})
    for payload in ({}, {"channel": 7}, {"channel": "room"}, []):
        Outbox.objects.create(kind="unsubscribe", subject=str(bo.pk), payload=payload)
    unsubscribe(bo, "room:7")
    backend = RecordingBackend()
    Relay(backend, SingleRunner()).work()
    assert backend.unsubscribed == [(str(bo.pk), "room:7")]
    assert Outbox.objects.filter(attempts=1).count() == 4


class Restarting(RecordingBackend):
    """A server that is another one at each look."""

    def __init__(self) -> None:
        super().__init__()
        self.name_of_server = "first"
        self.restored: list[Any] = []

    def instance(self) -> str:
        return self.name_of_server

    def restore(self, revocations: Any) -> None:
        self.restored.append([(each.user_id, each.channel) for each in revocations])


def test_a_server_that_restarts_is_told_what_was_revoked_and_has_not_expired(
    bo: Any, ana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_policies", {"room": lambda user, key: False})
    monkeypatch.setattr("hark.relay.revocations.INTERVAL", 0)
    backend = Restarting()
    relay = Relay(backend, SingleRunner())
    relay.work()
    disconnect(bo)
    unsubscribe(ana, "room:7")
    relay.work()
    Revocation.objects.create(
        user_id="gone", issued_before="2020-01-01T00:00Z", expires_at="2020-01-02T00:00Z"
    )
    relay.work()
    assert backend.restored == [[]], "it knows: it was told as it happened"
    backend.name_of_server = "second"
    relay.work()
    told = {(str(bo.pk), None), (str(ana.pk), Channel("room", "7"))}
    assert set(backend.restored[1]) == told
    assert len(backend.restored) == 2
