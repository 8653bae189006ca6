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

from hark import disconnect
from hark.models import Outbox
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
