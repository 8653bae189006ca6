"""One row that cannot be read or shown costs its own item, at every place that reads rows.

Rows are damaged as an operator, a migration or a restored backup would: behind Hark's back.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import JSONField, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from rest_framework.test import APIClient

from hark import amend, notify, prune, publish, render, withdraw
from hark.backends.base import Refused
from hark.channels import channel, inbox_of
from hark.jobs.registry import jobs
from hark.media import Email
from hark.models import Inbox, Notification, Outbox
from hark.models import Relay as Sign
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend
from tests.hark.test_relay import INBOX, drain
from tests.hark.testapp.models import Remark
from tests.hark.testapp.notifications import Note, Poison, Remarked

channel("damage")(lambda _user, _key: True)

POSTGRESQL = connection.vendor == "postgresql"

PARAMS = [
    [1],
    "text",
    7,
    None,
    {},
    {"remark": 5},
    {"remark": {"$model": "testapp.remark", "pk": "9" * 23}},
    {"remark": {"$model": "testapp.remark", "pk": "no number"}},
    {"remark": {"$model": "testapp.remark", "pk": ["1"]}},
    {"remark": {"$model": "testapp.gone", "pk": "1"}},
    {"remark": {"$model": "no model", "pk": "1"}},
    {"remark": {"$datetime": "yesterday"}},
]


@pytest.fixture
def tell(bo: Any, ana: Any, remark: Callable[[str], Remark]) -> Callable[[], Notification]:
    """Bo is told of a remark, and both of a note after it; return the first row, yet unnumbered."""

    def told() -> Notification:
        remark("Lovely")
        row = Notification.objects.latest("id")
        notify([bo, ana], Note(text="sound"))
        return row

    return told


def titles(items: list[Any]) -> list[str]:
    return [item["title"] for item in items]


def pushed(backend: RecordingBackend, user: Any) -> list[str]:
    pushes = backend.published.get(str(inbox_of(user.pk)), [])
    return titles([item for push in pushes for item in push["items"]])


def advice_of_doctor(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(CommandError):
        call_command("hark", "doctor")
    return capsys.readouterr().out


@pytest.mark.parametrize("params", PARAMS, ids=json.dumps)
def test_damaged_facts_show_the_label_and_everything_else_goes_on(
    *, tell: Any, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any, bo_client: APIClient,
    params: Any,
) -> None:  # fmt: skip
    row = tell()
    Notification.objects.filter(pk=row.pk).update(params=Value(params, JSONField()))
    drain(relay)
    assert pushed(backend, ana) == ["sound"]
    assert [title[-7:] for title in pushed(backend, bo)] == ["emarked", "sound"]
    assert len(bo_client.get(INBOX).json()["results"]) == 2
    assert len(bo_client.get(f"{INBOX}changes/", {"since": 0}).json()["items"]) == 2
    assert bo_client.post(f"{INBOX}{row.pk}/read/").status_code == 200
    assert bo_client.delete(f"{INBOX}{row.pk}/").status_code == 204


def test_the_operator_is_told_of_damaged_facts(
    tell: Any, relay: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    Notification.objects.filter(pk=tell().pk).update(params=[1])
    drain(relay)
    row = Outbox.objects.get(kind="text")
    assert "must be a mapping" in row.error
    said = advice_of_doctor(capsys)
    assert "article.remarked" in said
    assert row.error in said


def test_a_damaged_row_is_listed_in_the_admin(client: Any, tell: Any) -> None:
    Notification.objects.filter(pk=tell().pk).update(params=[1], actor="x", target="y", type="z")
    user_model = get_user_model()
    client.force_login(user_model.objects.create_superuser("root", "root@example.org", "pw"))
    assert client.get("/admin/hark/notification/").status_code == 200
    row = Notification.objects.earliest("id")
    assert client.get(f"/admin/hark/notification/{row.pk}/change/").status_code == 200


def test_a_damaged_row_is_neither_mailed_nor_keeps_others_from_it(
    tell: Any, relay: Relay, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for cls in (Note, Poison):
        monkeypatch.setattr(cls, "media", (Email(if_unread_for=timedelta(0)),))
    row = tell()
    Notification.objects.filter(pk=row.pk).update(type="poison", params=[1])
    drain(relay)
    assert [mail.subject for mail in mailoutbox].count("sound") == 2


def test_facts_that_are_damaged_are_withdrawn_and_amended_as_any(
    tell: Any, relay: Relay, bo_client: APIClient
) -> None:
    row = tell()
    (remark,) = Remark.objects.all()
    Notification.objects.filter(pk=row.pk).update(params=[1])
    amend(Remarked(remark=remark))
    drain(relay)
    assert titles(bo_client.get(INBOX).json()["results"]) == ["sound", "ana remarked on Tea"]
    Notification.objects.filter(pk=row.pk).update(params=[1])
    withdraw(Remarked(remark=remark))
    drain(relay)
    assert titles(bo_client.get(INBOX).json()["results"]) == ["sound"]


@pytest.mark.parametrize("kind", [job.kind for job in jobs()])
@pytest.mark.parametrize("payload", [[1], 7, {}, {"facts": 3}], ids=json.dumps)
def test_a_damaged_outbox_row_keeps_no_other_waiting(
    *, relay: Relay, backend: RecordingBackend, settings: Any, bo: Any, ana: Any, kind: str,
    payload: Any,
) -> None:  # fmt: skip
    Outbox.objects.create(kind=kind, subject="not a channel", payload=payload)
    settings.HARK = {**settings.HARK, "DIRECT_RECIPIENTS": 1}
    notify([bo, ana], Note(text="large"))
    publish("damage:1", {"n": 1})
    drain(relay)
    assert pushed(backend, bo) == pushed(backend, ana) == ["large"]
    assert backend.published["damage:1"] == [{"n": 1}]


def test_sockets_that_the_backend_refuses_to_close_keep_no_others_open(
    relay: Relay, backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disconnect(user_id: str) -> None:
        if user_id == "odd":
            raise Refused("no such user")
        backend.disconnected.append(user_id)

    monkeypatch.setattr(backend, "disconnect", disconnect)
    for subject in ("odd", "even"):
        Outbox.objects.create(kind="disconnect", subject=subject)
    drain(relay)
    assert backend.disconnected == ["even"]
    assert Outbox.objects.get().error == "Refused: no such user"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize("error", [ValueError("a\0b"), ValueError("\ud83d"), Unspeakable()])
def test_an_error_that_cannot_be_stored_as_it_is_stops_nothing(
    relay: Relay, bo: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_self: Any) -> str:
        raise error

    monkeypatch.setattr(Poison, "title", fail)
    notify(bo, Poison())
    notify(bo, Note(text="sound"))
    drain(relay)
    row = Outbox.objects.get(kind="text")
    Outbox.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    drain(relay)
    row.refresh_from_db()
    assert row.attempts == 2


def test_a_label_may_be_a_translation(
    relay: Relay, backend: RecordingBackend, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Poison, "label", gettext_lazy("Something odd"))
    notify(bo, Poison())
    drain(relay)
    assert pushed(backend, bo) == ["Something odd"]


def test_what_cannot_be_prepared_costs_its_own_inbox_which_is_told_to_ask(
    *, tell: Any, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    whole = render.Page.__init__

    def fail(self: render.Page, rows: Any, languages: Any = None) -> None:
        if any(row.type == "article.remarked" for row in rows):
            raise ZeroDivisionError("a bug")
        whole(self, rows, languages)

    monkeypatch.setattr(render.Page, "__init__", fail)
    tell()
    drain(relay)
    assert pushed(backend, ana) == ["sound"]
    (push,) = backend.published[str(inbox_of(bo.pk))]
    assert (push["since"], push["modseq"], push["items"]) == (2, 2, [])
    assert f"{inbox_of(bo.pk)}: ZeroDivisionError: a bug" in advice_of_doctor(capsys)


def test_an_inbox_whose_row_was_lost_goes_on_after_its_last_number(
    relay: Relay, backend: RecordingBackend, bo: Any, ana: Any, bo_client: APIClient
) -> None:
    notify([bo, ana], Note(text="before"))
    drain(relay)
    Inbox.objects.filter(user=bo).delete()
    notify([bo, ana], Note(text="after"))
    drain(relay)
    assert pushed(backend, bo) == pushed(backend, ana) == ["before", "after"]
    Inbox.objects.filter(user=bo).delete()
    (first, _) = Notification.objects.filter(user=bo).order_by("id")
    assert bo_client.post(f"{INBOX}{first.pk}/read/").json()["modseq"] == 3


@pytest.mark.django_db(transaction=True)
def test_an_inbox_that_was_set_back_goes_on_after_its_last_number(
    transactional_db: None, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any
) -> None:
    notify([bo, ana], Note(text="before"))
    drain(relay)
    Inbox.objects.filter(user=bo).update(modseq=0, published=0, floor=0)
    notify([bo, ana], Note(text="after"))
    drain(relay)
    assert Notification.objects.filter(modseq=2).count() == 2
    assert pushed(backend, ana) == ["before", "after"]


@pytest.mark.django_db(transaction=True)
def test_an_inbox_that_cannot_be_numbered_keeps_nobody_else_waiting(
    transactional_db: None, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any
) -> None:
    full = 2**63 - 1
    Inbox.objects.create(user=bo, modseq=full, published=full)
    notify([bo, ana], Note(text="sound"))
    drain(relay)
    assert pushed(backend, ana) == ["sound"]
    inbox = Inbox.objects.get(user=bo)
    assert inbox.attempts == 1
    assert inbox.error


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's tables cannot be renamed in a transaction")
def test_a_missing_table_costs_what_is_in_it(
    tell: Any, relay: Relay, backend: RecordingBackend, bo: Any, bo_client: APIClient
) -> None:
    tell()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE testapp_remark RENAME TO testapp_remark_away")
    drain(relay)
    assert pushed(backend, bo) == ["ana: Article remarked", "sound"]
    page = bo_client.get(INBOX).json()["results"]
    assert titles(page) == ["sound", "ana: Article remarked"]
    assert "testapp_remark" in Outbox.objects.get(kind="text").error


@pytest.mark.skipif(not POSTGRESQL, reason="only PostgreSQL has times that Python cannot hold")
def test_a_time_that_python_cannot_hold_costs_its_own_item(
    *, tell: Any, relay: Relay, backend: RecordingBackend, bo: Any, ana: Any, bo_client: APIClient
) -> None:
    row = tell()
    publish("damage:1", {"n": 1})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hark_notification SET created_at = 'infinity' WHERE id = %s", [row.pk]
        )
        Outbox.objects.create(kind="email", subject="note")
        cursor.execute("UPDATE hark_outbox SET created_at = '-infinity'")
    publish("damage:2", {"n": 2})
    drain(relay)
    assert pushed(backend, ana) == ["sound"]
    assert backend.published["damage:2"] == [{"n": 2}]
    assert Outbox.objects.filter(due_at=None).count() == 3, "two that cannot be read, and a text"
    assert titles(bo_client.get(INBOX).json()["results"]) == ["sound", "Article remarked"]
    changes = bo_client.get(f"{INBOX}changes/", {"since": 0}).json()["items"]
    assert titles(changes) == ["Article remarked", "sound"]


def damage(model: Any, column: str, value: str) -> None:
    """Write what Django would not, in every row."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s", [value])


NO_TIME = "infinity" if POSTGRESQL else "2030-13-45 00:00:00"


@pytest.mark.parametrize(
    ("model", "column"),
    [(Notification, "created_at"), (Outbox, "created_at"), (Inbox, "due_at"), (Sign, "beat_at")],
)
def test_the_admin_lists_shows_and_deletes_what_cannot_be_read_whole(
    *, tell: Any, admin_client: Any, bo: Any, model: Any, column: str
) -> None:
    tell()
    Outbox.objects.create(kind="text", subject="note")
    Sign.objects.create(beat_at=timezone.now(), name="here")
    Inbox.objects.update_or_create(user=bo, defaults={"modseq": 2})
    damage(model, column, NO_TIME)
    listing = reverse(f"admin:hark_{model._meta.model_name}_changelist")
    pk = model.objects.values_list("pk", flat=True)[0]
    shown = admin_client.get(listing)
    assert shown.status_code == 200
    assert f"/{pk}/change/" in shown.content.decode()
    assert admin_client.get(f"{listing}{pk}/change/").status_code == 200
    if model is not Inbox:
        deletion = admin_client.post(f"{listing}{pk}/delete/", {"post": "yes"})
        assert deletion.status_code == 302
        left = model.objects.filter(pk=pk)
        assert not (left.filter(deleted_at=None) if model is Notification else left).exists()


@pytest.mark.parametrize("call", ["read-all/", "seen/", "{pk}/read/", "{pk}/archive/"])
def test_marks_reach_what_cannot_be_read_and_all_beside_it(
    tell: Any, bo: Any, bo_client: APIClient, call: str
) -> None:
    tell()
    damage(Notification, "created_at", NO_TIME)
    mine = Notification.objects.filter(user=bo)
    pk = mine.order_by("-pk").values_list("pk", flat=True)[0]
    answer = bo_client.post(f"{INBOX}{call.format(pk=pk)}", {"through": pk}, format="json")
    assert answer.status_code == 200
    unseen = bo_client.get(INBOX).json()["counts"]["unseen"]
    assert unseen == (0 if call in ("read-all/", "seen/") else mine.count() - 1)


def test_one_damaged_subject_costs_what_is_about_it(
    relay: Relay, backend: RecordingBackend, remark: Callable[[str], Remark], bo: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    damaged = remark("damaged")
    for _ in range(3):
        remark("sound")
    whole = Remark.from_db.__func__  # type: ignore[attr-defined]

    def from_db(cls: Any, db: Any, names: Any, values: Any) -> Any:
        if damaged.pk in values[:1]:
            raise ValueError("a damaged row")
        return whole(cls, db, names, values)

    monkeypatch.setattr(Remark, "from_db", classmethod(from_db))
    drain(relay)
    assert pushed(backend, bo) == ["ana: Article remarked", *["ana remarked on Tea"] * 3]


def test_a_type_whose_query_fails_costs_its_own_item(
    bo: Any, bo_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def title(_self: Any) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
        return "never"

    monkeypatch.setattr(Poison, "title", title)
    notify(bo, Poison())
    notify(bo, Note(text="sound"))
    assert titles(bo_client.get(INBOX).json()["results"]) == ["sound", "Poison"]


def test_a_young_row_among_old_ones_does_not_end_the_pruning(
    settings: Any, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    for number in range(6):
        notify(bo, Note(text=str(number)))
    old = timezone.now() - timedelta(days=100)
    Notification.objects.exclude(params__text="0").update(created_at=old)
    settings.HARK = {**settings.HARK, "KEEP_DAYS": 90}
    call_command("hark", "prune", verbosity=0)
    assert [row.params["text"] for row in Notification.objects.all()] == ["0"]
