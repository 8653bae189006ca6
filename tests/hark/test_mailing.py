"""mail(): what applications write to people, by way of the outbox."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazily
from rest_framework.test import APIClient

from hark import mail
from hark.exceptions import NotSerializable, TooLarge
from hark.jobs.message import SendMessage
from hark.mail_server import TIMEOUT, mail_server
from hark.models import Outbox
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from hark.relay.threads import HELD, _hold, run_next
from tests.hark.recording import RecordingBackend
from tests.hark.testapp.models import Article

DEADLINE = 30.0


def letter(**changes: Any) -> EmailMessage:
    return EmailMessage(**{"subject": "Hello", "body": "Ana", "to": ["ana@example.org"]} | changes)


def deliver() -> list[Any]:
    while run_next(SendMessage()):
        pass
    return django_mail.outbox


@pytest.mark.django_db
def test_a_message_waits_for_the_relay_and_is_sent_once() -> None:
    mail(letter())
    assert django_mail.outbox == []
    (sent,) = deliver()
    assert (sent.subject, sent.body, sent.to) == ("Hello", "Ana", ["ana@example.org"])
    assert len(deliver()) == 1
    assert not Outbox.objects.exists()


@pytest.mark.django_db
def test_lazy_text_is_taken_in_the_language_of_the_request() -> None:
    mail(EmailMessage(lazily("Hello"), lazily("Ana"), to=[lazily("ana@example.org")]))
    (sent,) = deliver()
    assert (sent.subject, sent.body, sent.to) == ("Hello", "Ana", ["ana@example.org"])


@pytest.mark.django_db
def test_everything_that_a_message_says_arrives() -> None:
    message = EmailMultiAlternatives(
        "Hello", "plain", "me@example.org", ["a@example.org"], ["b@example.org"],
        headers={"X-Tea": "green"}, cc=["c@example.org"], reply_to=["d@example.org"],
    )  # fmt: skip
    message.attach_alternative("<p>rich</p>", "text/html")
    mail(message)
    (sent,) = deliver()
    theirs, ours = sent.message(), message.message()
    for header in ("Subject", "From", "To", "Cc", "Reply-To", "X-Tea"):
        assert theirs[header] == ours[header]
    assert sent.recipients() == message.recipients()
    assert [part.get_payload() for part in theirs.get_payload()] == [
        part.get_payload() for part in ours.get_payload()
    ]


@pytest.mark.django_db
def test_a_body_that_is_html_stays_html() -> None:
    message = letter(body="<p>Ana</p>")
    message.content_subtype = "html"
    mail(message)
    (sent,) = deliver()
    assert sent.message().get_content_type() == "text/html"


@pytest.mark.django_db
def test_what_is_rolled_back_is_not_sent() -> None:
    with transaction.atomic():
        mail(letter())
        transaction.set_rollback(True)
    assert deliver() == []


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["a\0b", "half \ud83d"])
def test_text_that_cannot_be_stored_is_refused(body: str) -> None:
    with pytest.raises(NotSerializable):
        mail(letter(body=body))


@pytest.mark.django_db
def test_attachments_and_endless_texts_are_refused() -> None:
    with pytest.raises(TooLarge):
        mail(letter(body="a" * 1024 * 1024))
    message = letter()
    message.attach("a.txt", "text", "text/plain")
    with pytest.raises(NotSerializable, match="attachments"):
        mail(message)


@pytest.mark.django_db
def test_what_cannot_be_sent_is_tried_again_and_keeps_nothing_else_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def send(self: EmailMessage) -> None:
        if self.subject == "bad":
            raise OSError("mailbox on fire")
        django_mail.outbox.append(self)

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    mail(letter(subject="bad"))
    mail(letter())
    assert [sent.subject for sent in deliver()] == ["Hello"]
    row = Outbox.objects.get()
    assert (row.attempts, row.error) == (1, "OSError: mailbox on fire")


@pytest.mark.django_db
def test_one_whose_sender_died_is_sent_later() -> None:
    mail(letter())
    assert _hold(SendMessage())  # and here the process ends
    held = Outbox.objects.get()
    assert held.due_at is not None
    assert held.due_at > timezone.now() + HELD / 2
    assert deliver() == []
    Outbox.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert len(deliver()) == 1


def test_a_mail_server_that_says_nothing_is_given_up(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = None
    assert mail_server().timeout == TIMEOUT
    settings.EMAIL_TIMEOUT = 3
    assert mail_server().timeout == 3


@pytest.mark.django_db
def test_the_admin_does_not_show_what_a_message_says(admin_client: APIClient) -> None:
    mail(letter(body="https://example.org/reset/secret/"))
    row = Outbox.objects.get()
    page = admin_client.get(f"/admin/hark/outbox/{row.pk}/change/").content.decode()
    assert "ana@example.org" in page
    assert "reset/secret" not in page


class StuckBackend(BaseEmailBackend):
    """A mail server that accepts a connection and then says nothing."""

    reached = threading.Event()
    released = threading.Event()
    in_transaction: bool | None = None

    def send_messages(self, _: Any) -> int:
        type(self).in_transaction = connection.in_atomic_block
        self.reached.set()
        self.released.wait(DEADLINE)
        return 1


@pytest.fixture
def stuck(settings: Any) -> Iterator[None]:
    settings.EMAIL_BACKEND = f"{__name__}.StuckBackend"
    StuckBackend.reached.clear()
    StuckBackend.released.clear()
    yield
    StuckBackend.released.set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="in memory, it has no second thread")
def test_while_a_mail_server_hangs_screens_are_told_and_no_lock_is_held(
    stuck: None, ana: Any, bo: Any, tea: Article, remark: Any
) -> None:
    backend = RecordingBackend()
    relay = Relay(backend, SingleRunner())

    def run() -> None:
        relay.run()
        connection.close()

    thread = threading.Thread(target=run)
    mail(letter())
    thread.start()
    try:
        assert StuckBackend.reached.wait(DEADLINE)
        remark("Lovely")
        deadline = time.monotonic() + DEADLINE
        while not backend.published and time.monotonic() < deadline:
            time.sleep(0.01)
        assert backend.published[f"inbox:{bo.pk}"]
        assert not StuckBackend.in_transaction
        with transaction.atomic():  # an operator's: it waits for no lock
            Outbox.objects.select_for_update(nowait=True).get()
    finally:
        StuckBackend.released.set()
        relay.stop()
        thread.join()
    assert not Outbox.objects.exists()
