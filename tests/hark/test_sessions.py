"""Whoever loses their session loses their sockets; through the outbox."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import alogin, login
from django.db import transaction
from django.http import HttpRequest
from rest_framework.test import APIClient

from hark.models import Outbox
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend

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


@pytest.mark.parametrize("end", [sign_out, change_password, deactivate, delete])
def test_the_end_of_a_session_closes_its_sockets(
    bo: Any, bo_client: APIClient, end: Callable[[Any, APIClient], None]
) -> None:
    pk = str(bo.pk)
    end(bo, bo_client)
    backend = RecordingBackend()
    Relay(backend, SingleRunner()).work()
    assert backend.disconnected == [pk]
    assert not Outbox.objects.exists()


def test_an_ordinary_save_closes_nothing(bo: Any) -> None:
    bo.save()
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
