"""The operator's view."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hark.models import Inbox, Outbox
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import drain


@pytest.fixture
def operator(db: None) -> Client:
    user = get_user_model().objects.create_superuser("op", email="op@example.org", password="pw")
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", ["inbox", "notification", "outbox", "relay"])
def test_every_list_opens_and_nothing_can_be_made_by_hand(operator: Client, model: str) -> None:
    assert operator.get(reverse(f"admin:hark_{model}_changelist")).status_code == 200
    assert operator.get(reverse(f"admin:hark_{model}_add")).status_code == 403


def test_try_again_delivers_what_was_given_up(
    operator: Client, relay: Relay, backend: RecordingBackend
) -> None:
    row = Outbox.objects.create(
        kind=Outbox.Kind.PUBLICATION, subject="a:1", payload={"x": 1}, due_at=None,
        attempts=10, error="Refused: no",
    )  # fmt: skip
    listing = reverse("admin:hark_outbox_changelist")
    assert "Refused: no" in operator.get(listing, {"state": "failed"}).content.decode()
    answer = operator.post(
        listing, {"action": "try_again", "_selected_action": [row.pk]}, follow=True
    )
    assert "1 row is due again." in answer.content.decode()
    drain(relay)
    assert backend.published == {"a:1": [{"x": 1}]}


def test_an_inbox_whose_push_is_refused_is_listed_and_tried_again(
    operator: Client, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Inbox.objects.create(user=bo, modseq=3, due_at=later, attempts=10, error="Refused: no")
    Inbox.objects.create(user=ana, modseq=3, published=3)
    listing = reverse("admin:hark_inbox_changelist")
    shown = operator.get(listing).content.decode()
    assert "Refused: no" in shown
    assert "ana" not in shown
    operator.post(listing, {"action": "try_again", "_selected_action": [bo.pk]})
    drain(relay)
    assert len(backend.published[f"inbox:{bo.pk}"]) == 1
