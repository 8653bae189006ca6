"""Whoever loses their session loses their sockets; through the outbox."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from hark.models import Outbox
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend


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
