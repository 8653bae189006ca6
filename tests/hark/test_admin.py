"""The operator's view."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hark import admin, inbox, notify, withdraw
from hark.jobs import Job
from hark.jobs.registry import job_of, jobs
from hark.models import Inbox, Notification, Outbox
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import drain
from tests.hark.testapp.models import Article, Remark
from tests.hark.testapp.notifications import Note, Poison, Remarked

LIST = "/admin/hark/notification/"


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
        kind="publication", subject="a:1", payload={"x": 1}, due_at=None,
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


def texts(operator: Client, **params: Any) -> list[str]:
    """Return what the list of notifications shows, newest first."""
    answer = operator.get(LIST, params)
    assert answer.status_code == 200
    return [row.text for row in answer.context["cl"].result_list]


def test_the_list_shows_what_each_notification_says(operator: Client, bo: Any, ana: Any) -> None:
    notify(bo, Note(text="<b>hello</b>"))
    notify(bo, Poison())
    notify(bo, Note(text="taken back"))
    withdraw(Note(text="taken back"))
    assert texts(operator) == ["", "Poison", "<b>hello</b>"]
    assert "&lt;b&gt;hello" in operator.get(LIST).content.decode()
    first = Notification.objects.order_by("id")[0]
    shown = operator.get(f"{LIST}{first.pk}/change/").content.decode()
    assert "&lt;b&gt;hello" in shown


@pytest.mark.parametrize("size", [1, 20])
def test_a_list_takes_the_same_queries_whatever_its_length(
    operator: Client, ana: Any, tea: Article, size: int
) -> None:
    for number in range(size):
        remark = Remark.objects.create(article=tea, author=ana, text=str(number))
        notify(ana, Remarked(remark=remark))
    with CaptureQueriesContext(connection) as queries:
        assert len(texts(operator)) == size
    # session, operator; a bounded count; rows with their users, remarks with what they lead to
    assert len(queries) == 5
    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"]]
    assert counts
    assert all(f"LIMIT {admin.MOST_LISTED}" in sql for sql in counts)


def test_a_count_ends_at_its_limit(
    operator: Client, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "MOST_LISTED", 60)
    for number in range(70):
        notify(bo, Note(text=str(number)))
    assert operator.get(LIST).context["cl"].result_count == 60
    assert texts(operator, p=2) == [str(number) for number in range(19, 9, -1)]


@pytest.mark.parametrize("way", ["person", "q"])
def test_a_person_is_found_by_name_address_or_key(
    operator: Client, relay: Relay, ana: Any, bo: Any, way: str
) -> None:
    notify([ana, bo], Note(text="numbered"))
    drain(relay)
    notify(bo, Note(text="not yet"))
    notify(ana, Note(text="another's"))
    for term in ("bo", "bo@example.org", str(bo.pk)):
        assert texts(operator, **{way: term}) == ["not yet", "numbered"]
    assert texts(operator, **{way: "nobody"}) == []


def test_types_are_filtered_and_filters_go_together(operator: Client, ana: Any, bo: Any) -> None:
    notify([ana, bo], Note(text="a note"))
    notify(bo, Poison())
    assert texts(operator, type="note", person="bo") == ["a note"]
    page = operator.get(LIST, {"type": "note", "q": "bo"}).content.decode()
    assert '<input type="hidden" name="type" value="note">' in page
    assert texts(operator, type="note", q="bo") == ["a note"]
    assert texts(operator, q="poison") == ["Poison"]


def test_a_search_finds_an_id_a_key_and_a_target(
    operator: Client, bo: Any, ana: Any, tea: Article
) -> None:
    Remark.objects.create(article=tea, author=ana, text="x")
    notify(bo, Note(text="shipped"), key="order-17")
    row = Notification.objects.get(key="order-17")
    assert texts(operator, q=row.pk) == texts(operator, q="order-17") == ["shipped"]
    assert texts(operator, q=f"testapp.article:{tea.pk}") == ["ana remarked on Tea"]


@pytest.mark.parametrize("term", ["\0", "9" * 30, "'", "%", "\ud83d", "-1", "٣", "x" * 5000])
@pytest.mark.parametrize("way", ["person", "q", "type"])
@pytest.mark.parametrize("model", ["notification", "inbox", "outbox"])
def test_no_search_fails(operator: Client, model: str, way: str, term: str) -> None:
    url = f"/admin/hark/{model}/?{way}={quote(term, errors='surrogatepass')}"
    assert operator.get(url, follow=True).status_code == 200


def test_a_deleted_notification_leaves_every_screen(
    operator: Client, relay: Relay, backend: RecordingBackend, bo: Any
) -> None:
    notify(bo, Note(text="wrong"))
    notify(bo, Note(text="wrong, too"))
    drain(relay)
    one, other = Notification.objects.order_by("id")
    asked = {"action": "delete_selected", "_selected_action": [one.pk]}
    assert "taken off every screen" in operator.post(LIST, asked).content.decode()
    operator.post(LIST, {**asked, "post": "yes"})
    assert "taken off every screen" in operator.get(f"{LIST}{other.pk}/delete/").content.decode()
    operator.post(f"{LIST}{other.pk}/delete/", {"post": "yes"})
    drain(relay)
    assert inbox.counts(bo.pk)["unread"] == 0
    gone = [item for item in backend.published[f"inbox:{bo.pk}"][-1]["items"] if item["deleted_at"]]
    assert [item["id"] for item in gone] == [one.pk, other.pk]


@pytest.mark.parametrize("kind", [*(job.kind for job in jobs()), "of a later version"])
def test_whoever_deletes_what_is_owed_is_told_what_is_lost(operator: Client, kind: str) -> None:
    row = Outbox.objects.create(kind=kind, subject="it", payload={})
    asked = {"action": "delete_selected", "_selected_action": [row.pk]}
    for answer in (
        operator.post("/admin/hark/outbox/", asked),
        operator.get(f"/admin/hark/outbox/{row.pk}/delete/"),
    ):
        assert str((job_of(kind) or Job).lost) in answer.content.decode()


def test_an_inbox_goes_with_its_user_only(operator: Client, relay: Relay, bo: Any) -> None:
    notify(bo, Note(text="x"))
    drain(relay)
    Inbox.objects.update(published=0)
    own = "/admin/hark/inbox/"
    assert operator.get(f"{own}{bo.pk}/delete/").status_code == 403
    assert "delete_selected" not in operator.get(own).content.decode()
    assert operator.get(own, {"q": "bo"}).context["cl"].result_count == 1
    assert operator.get(own, {"q": "ana"}).context["cl"].result_count == 0
    operator.post(f"/admin/accounts/user/{bo.pk}/delete/", {"post": "yes"})
    assert not Inbox.objects.exists()
