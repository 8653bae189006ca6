"""The relay, pass by pass: what it numbers, pushes, tries again and gives up."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from hark import notify
from hark.backends.base import Publication, Unavailable
from hark.backends.centrifugo import CentrifugoBackend
from hark.channels import inbox_of
from hark.jobs.base import SlowBatchJob
from hark.jobs.registry import jobs
from hark.models import Inbox, Notification, Outbox
from hark.relay import inboxes, numbering
from hark.relay.loop import Relay
from hark.relay.threads import run_next
from tests.hark.conftest import person
from tests.hark.recording import RecordingBackend
from tests.hark.testapp.models import Remark
from tests.hark.testapp.notifications import Note, Poison

INBOX = "/api/hark/inbox/"


def drain(relay: Relay) -> None:
    """Do all that is due, slow jobs as well, which a running relay leaves to threads."""
    slow = [job for job in jobs() if isinstance(job, SlowBatchJob)]
    while relay.work() or any(run_next(job) for job in slow):
        pass


def test_a_push_is_what_the_api_would_say(
    relay: Relay,
    backend: RecordingBackend,
    bo: Any,
    bo_client: APIClient,
    remark: Callable[[str], Remark],
) -> None:
    remark("Lovely")
    drain(relay)
    page = bo_client.get(INBOX).json()
    assert backend.published[f"inbox:{bo.pk}"] == [
        {"since": 0, "modseq": 1, "items": page["results"], "counts": page["counts"]}
    ]
    assert page["modseq"] == page["results"][0]["modseq"] == 1


def test_numbers_are_contiguous_for_each_owner(relay: Relay, ana: Any, bo: Any) -> None:
    for number in range(5):
        notify([ana, bo], Note(text=str(number)))
    notify(bo, Note(text="last"))
    drain(relay)
    for user, last in ((ana, 5), (bo, 6)):
        rows = Notification.objects.filter(user=user).order_by("id")
        assert list(rows.values_list("modseq", flat=True)) == list(range(1, last + 1))
        assert Inbox.objects.get(user=user).published == last


def test_a_mark_reaches_the_other_screens(
    relay: Relay, backend: RecordingBackend, bo: Any, bo_client: APIClient
) -> None:
    notify(bo, Note(text="a"))
    drain(relay)
    (row,) = Notification.objects.all()
    item = bo_client.post(f"{INBOX}{row.pk}/read/").json()
    drain(relay)
    assert backend.published[f"inbox:{bo.pk}"][1] == {
        "since": 1, "modseq": 2, "items": [item], "counts": {"unread": 0, "unseen": 0}
    }  # fmt: skip


def test_nothing_is_lost_while_the_backend_is_down(
    relay: Relay, backend: RecordingBackend, bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.failing = Unavailable("down")
    notify(bo, Note(text="a"))
    relay.work()
    assert relay.circuit.open()
    relay.work()
    assert backend.calls == 1, "an open circuit asks nothing"
    backend.failing = None
    notify(bo, Note(text="b"))
    monkeypatch.setattr(relay.circuit, "open", lambda: False)
    drain(relay)
    (push,) = backend.published[f"inbox:{bo.pk}"]
    assert [item["title"] for item in push["items"]] == ["a", "b"]
    assert (push["since"], push["modseq"]) == (0, 2)


def test_an_inbox_that_is_refused_holds_nobody_else_up(
    relay: Relay, backend: RecordingBackend, ana: Any, bo: Any
) -> None:
    backend.refused = {f"inbox:{ana.pk}"}
    notify([ana, bo], Note(text="a"))
    drain(relay)
    assert list(backend.published) == [f"inbox:{bo.pk}"]
    inbox = Inbox.objects.get(user=ana)
    assert (inbox.attempts, inbox.error, inbox.published) == (1, "Refused: not this one", 0)


def test_a_text_that_cannot_be_made_is_shown_to_the_operator(
    relay: Relay, backend: RecordingBackend, bo: Any
) -> None:
    notify(bo, Poison())
    notify(bo, Note(text="fine"))
    drain(relay)
    (push,) = backend.published[f"inbox:{bo.pk}"]
    assert [item["title"] for item in push["items"]] == ["Poison", "fine"]
    row = Outbox.objects.get()
    assert (row.kind, row.due_at) == ("text", None)
    assert row.error == "ZeroDivisionError: this type always fails"


def test_a_screen_that_missed_too_much_is_told_that_it_did(
    relay: Relay, backend: RecordingBackend, bo: Any
) -> None:
    for number in range(60):
        notify(bo, Note(text=str(number)))
    drain(relay)
    (push,) = backend.published[f"inbox:{bo.pk}"]
    assert push["items"] == []
    assert push["since"] == push["modseq"] == 60


@pytest.mark.parametrize("size", [1, 30])
def test_one_call_carries_many_people(relay: Relay, backend: RecordingBackend, size: int) -> None:
    people = [person(f"p{number}") for number in range(size)]
    notify(people, Note(text="the first begins a log"))
    drain(relay)
    notify(people, Note(text="hello"))
    with CaptureQueriesContext(connection) as queries:
        relay.work()
    assert backend.calls == 2
    assert {len(pushes) for pushes in backend.published.values()} == {2}
    # Look, number, read, settle; on SQLite numbering takes several, a savepoint among them.
    assert len(queries) == (4 if connection.vendor == "postgresql" else 10)


def test_a_large_send_is_written_by_the_relay(
    relay: Relay, settings: Any, django_assert_max_num_queries: Any, bo: Any
) -> None:
    settings.HARK = {**settings.HARK, "DIRECT_RECIPIENTS": 3}
    people = [person(f"p{number}") for number in range(7)]
    with django_assert_max_num_queries(5):
        notify(people, Note(text="all"), key="once")
    assert Notification.objects.count() == 0
    people.pop().delete()
    drain(relay)
    notify(people, Note(text="all"), key="once")
    drain(relay)
    assert Notification.objects.count() == 6
    assert not Outbox.objects.exists()


def test_large_items_go_out_in_calls_that_a_server_takes(
    bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    options = {"api_url": "http://x", "api_key": "x", "token_secret": "x" * 32, "url": "ws://x"}
    backend = CentrifugoBackend(options, timeout=1)

    def batch(commands: Sequence[str]) -> list[None]:
        calls.append(sum(map(len, commands)))
        return [None] * len(commands)

    monkeypatch.setattr(backend._api, "batch", batch)
    publication = Publication(channel=inbox_of(bo.pk), data={"text": "x" * 60_000})
    assert backend.publish([publication] * 200) == [None] * 200
    assert len(calls) == 3
    assert max(calls) < 5 * 1024 * 1024
    backend.close()


def test_an_item_too_large_to_push_is_announced(
    relay: Relay, backend: RecordingBackend, bo: Any
) -> None:
    backend.max_bytes = 1000
    notify(bo, Note(text="x" * 1000))
    drain(relay)
    (push,) = backend.published[f"inbox:{bo.pk}"]
    assert (push["since"], push["modseq"], push["items"]) == (1, 1, [])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's commits")
def test_numbers_wait_for_the_disk_and_noting_what_was_pushed_does_not(
    backend: RecordingBackend, bo: Any
) -> None:
    notify(bo, Note(text="Lovely"))
    numbering.number(10)
    assert commits_wait()
    inboxes.push(backend, 10)
    assert not commits_wait()


def commits_wait() -> bool:
    """Whether the present transaction's commit will wait until it is on disk."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return bool(cursor.fetchone()[0] == "on")
