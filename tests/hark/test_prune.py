"""Forgetting: what is too old, and deletions that everybody has heard of."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from hark import inbox, notify, prune
from hark.models import Inbox, Notification
from hark.relay.loop import Relay
from tests.hark.test_relay import INBOX, drain
from tests.hark.testapp.notifications import Note


@pytest.fixture
def three(relay: Relay, bo: Any, bo_client: APIClient) -> list[Notification]:
    """Bo got three and deleted the first and the second; that is change four and five."""
    for text in "abc":
        notify(bo, Note(text=text))
    drain(relay)
    rows = list(Notification.objects.order_by("id"))
    for row in rows[:2]:
        bo_client.delete(f"{INBOX}{row.pk}/")
    return rows


def test_forgetting_deletions_raises_the_floor(
    three: list[Notification], bo: Any, bo_client: APIClient
) -> None:
    now = timezone.now()
    Notification.objects.filter(pk=three[0].pk).update(deleted_at=now - timedelta(days=31))
    call_command("hark", "prune", verbosity=0)
    assert Inbox.objects.get(user=bo).floor == 4
    assert bo_client.get(f"{INBOX}changes/", {"since": 3}).status_code == 410
    (item,) = bo_client.get(f"{INBOX}changes/", {"since": 4}).json()["items"]
    assert item["id"] == three[1].pk
    assert Notification.objects.count() == 2


def test_what_is_forgotten_while_changes_are_read_asks_to_start_afresh(
    three: list[Notification], bo: Any
) -> None:
    forgotten: list[int] = []

    def forget_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "hark_notification"' in sql and not forgotten:
            forgotten.append(three[0].pk)
            assert prune.tombstones(timezone.now()) == 2
        return execute(sql, params, many, context)

    with connection.execute_wrapper(forget_first), pytest.raises(inbox.OutOfReach, match="afresh"):
        inbox.changes(bo.pk, 3, limit=10)


def test_old_notifications_go_only_if_asked(
    settings: Any, three: list[Notification], bo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    Notification.objects.update(created_at=timezone.now() - timedelta(days=100))
    notify(bo, Note(text="new"))
    call_command("hark", "prune", verbosity=0)
    assert Notification.objects.count() == 4
    settings.HARK = {**settings.HARK, "KEEP_DAYS": 90}
    call_command("hark", "prune", verbosity=0)
    assert [row.params["text"] for row in Notification.objects.all()] == ["new"]
    assert Inbox.objects.get(user=bo).floor == 5
