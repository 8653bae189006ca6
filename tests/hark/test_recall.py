"""withdraw() and amend(): on every screen, in every inbox, and in what is not sent yet."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from hark import amend, notify, withdraw
from hark.jobs import recall
from hark.models import Notification, Outbox
from hark.relay.loop import Relay
from tests.hark.conftest import person
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import INBOX, drain
from tests.hark.testapp.models import Remark
from tests.hark.testapp.notifications import Note, Remarked


def titles(client: APIClient) -> list[str]:
    return [item["title"] for item in client.get(INBOX).json()["results"]]


def test_withdrawing_takes_it_back_from_every_screen(
    relay: Relay, backend: RecordingBackend, ana: Any, bo: Any, bo_client: APIClient
) -> None:
    notify([ana, bo], Note(text="wrong"))
    notify(bo, Note(text="right"))
    drain(relay)
    withdraw(Note(text="wrong"))
    assert titles(bo_client) == ["right"], "at once, even with the relay dead"
    drain(relay)
    assert titles(bo_client) == ["right"]
    for user, number in ((ana, 2), (bo, 3)):
        (item,) = backend.published[f"inbox:{user.pk}"][-1]["items"]
        assert item["deleted_at"] is not None
        assert (item["title"], item["modseq"]) == ("", number)


def test_what_was_withdrawn_before_it_arrived_is_shown_to_nobody(
    relay: Relay, backend: RecordingBackend, bo: Any
) -> None:
    notify(bo, Note(text="wrong"))
    withdraw(Note(text="wrong"))
    drain(relay)
    (push,) = backend.published[f"inbox:{bo.pk}"]
    assert push["items"][0]["deleted_at"] is not None
    assert push["counts"] == {"unread": 0, "unseen": 0}


def test_a_subject_may_be_gone_already(bo_client: APIClient, remark: Callable[[], Remark]) -> None:
    made = remark()
    pk = made.pk
    made.delete()
    made.pk = pk
    withdraw(Remarked(remark=made))
    assert titles(bo_client) == []


def test_amending_shows_the_corrected_text_everywhere(
    relay: Relay, backend: RecordingBackend, bo: Any, bo_client: APIClient
) -> None:
    notify(bo, Note(text="at five"))
    drain(relay)
    amend(Note(text="at five"), Note(text="at six"))
    drain(relay)
    (item,) = backend.published[f"inbox:{bo.pk}"][-1]["items"]
    assert (item["title"], item["modseq"]) == ("at six", 2)
    assert titles(bo_client) == ["at six"]


def test_amending_without_other_facts_makes_the_text_anew(
    relay: Relay, backend: RecordingBackend, bo: Any, remark: Callable[[], Remark]
) -> None:
    made = remark()
    drain(relay)
    made.text = "edited"
    made.save()
    amend(Remarked(remark=made))
    drain(relay)
    (item,) = backend.published[f"inbox:{bo.pk}"][-1]["items"]
    assert (item["body"], item["modseq"]) == ("edited", 2)


@pytest.fixture
def large(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends to more than three people are large, and four rows are changed at once."""
    settings.HARK = {**settings.HARK, "DIRECT_RECIPIENTS": 3}
    monkeypatch.setattr(recall, "CHUNK", 4)


@pytest.mark.parametrize("expanded", [True, False])
def test_large_sends_can_be_recalled_before_and_after_they_are_written(
    relay: Relay, large: None, bo: Any, bo_client: APIClient, expanded: bool
) -> None:
    people = [bo, *(person(f"p{number}") for number in range(10))]
    for text in ("keep", "wrong", "mend"):
        notify(people, Note(text=text))
    if expanded:
        drain(relay)
    withdraw(Note(text="wrong"))
    amend(Note(text="mend"), Note(text="mended"))
    drain(relay)
    assert titles(bo_client) == ["mended", "keep"]
    alive = Notification.objects.filter(deleted_at=None)
    assert alive.count() == 22
    assert not Notification.objects.filter(modseq=None).exists()
    assert not Outbox.objects.exists()
