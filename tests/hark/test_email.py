"""E-mail: for those who were not there, and for nobody else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.utils import timezone
from rest_framework.test import APIClient

from hark import NotificationType, notify, types
from hark.media import Email
from hark.models import Notification, Outbox
from hark.relay.loop import Relay
from tests.hark.test_relay import INBOX, drain


@dataclass(frozen=True, kw_only=True)
class Mailed(NotificationType):
    media = (Email(if_unread_for=timedelta(minutes=15)),)
    text: str

    def title(self) -> str:
        return self.text

    def body(self) -> str:
        return "More words."

    def url(self) -> str:
        return "/there"


@pytest.fixture(autouse=True)
def mailed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The type is registered for this test, and the site says where it is."""
    monkeypatch.setattr(types, "_registry", dict(types._registry))
    types.register("mailed")(Mailed)
    settings.HARK = {**settings.HARK, "SITE_URL": "https://example.org"}


def wait(minutes: int) -> None:
    """Let time pass, as the rows see it."""
    for row in Outbox.objects.all():
        Outbox.objects.filter(pk=row.pk).update(due_at=row.due_at - timedelta(minutes=minutes))


def test_what_is_still_unread_after_a_while_is_mailed_once(relay: Relay, bo: Any) -> None:
    notify(bo, Mailed(text="News\nfor you"))
    drain(relay)
    wait(14)
    drain(relay)
    assert mail.outbox == []
    wait(2)
    drain(relay)
    drain(relay)
    (sent,) = mail.outbox
    assert sent.to == ["bo@example.org"]
    assert sent.subject == "News for you"
    assert sent.body == "News\nfor you\n\nMore words.\n\nhttps://example.org/there"


@pytest.mark.parametrize("call", ["read", "archive", "delete"])
def test_what_was_dealt_with_is_not_mailed(
    relay: Relay, bo_client: APIClient, bo: Any, call: str
) -> None:
    notify(bo, Mailed(text="News"))
    drain(relay)
    (row,) = Notification.objects.all()
    if call == "delete":
        bo_client.delete(f"{INBOX}{row.pk}/")
    else:
        bo_client.post(f"{INBOX}{row.pk}/{call}/")
    wait(16)
    drain(relay)
    assert mail.outbox == []
    assert not Outbox.objects.exists()


def test_seeing_before_the_relay_numbers_it_still_mails(
    relay: Relay, bo_client: APIClient, bo: Any
) -> None:
    notify(bo, Mailed(text="News"))
    bo_client.post(f"{INBOX}seen/")
    wait(16)
    drain(relay)
    assert len(mail.outbox) == 1


def test_a_mail_that_fails_is_tried_again_and_holds_up_no_other(
    relay: Relay, bo: Any, ana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*args: Any, recipient_list: list[str], **kwargs: Any) -> None:
        if recipient_list == ["bo@example.org"]:
            raise OSError("mailbox on fire")
        mail.outbox.append(recipient_list)

    monkeypatch.setattr("hark.media.email.send_mail", send)
    notify([bo, ana], Mailed(text="News"))
    drain(relay)
    wait(16)
    drain(relay)
    assert mail.outbox == [["ana@example.org"]]
    row = Outbox.objects.get()
    assert (row.attempts, row.error) == (1, "OSError: mailbox on fire")
    assert row.due_at is not None
    assert row.due_at > timezone.now() - timedelta(seconds=5)
    notify(ana, Mailed(text="More"))
    drain(relay)
    Outbox.objects.filter(attempts=0).update(due_at=timezone.now() - timedelta(seconds=1))
    drain(relay)
    assert mail.outbox == [["ana@example.org"]] * 2


def test_mail_without_a_site_address_is_warned_of(settings: Any) -> None:
    settings.HARK = {**settings.HARK, "SITE_URL": ""}
    (warning,) = run_checks(tags=["hark"])
    assert (warning.id, "mailed" in warning.msg) == ("hark.W001", True)
