"""Numbering what arrived, and telling the screens.

A push is not a row of its own: an inbox is owed one while its `published` lags behind its `modseq`.
So it can be sent again after a crash, several changes go out as one, and order needs no thought.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from hark import inbox, log, render, sql
from hark.backends.base import Backend, Publication, Refused
from hark.channels import inbox_of
from hark.models import Inbox, Notification, Outbox
from hark.relay import retry
from hark.wake import database

PUSH_ITEMS = 50
"""A screen that missed more changes than this is told only that it did."""


class Push(TypedDict):
    """What is published on someone's inbox channel."""

    since: int
    modseq: int
    items: list[render.Item]
    counts: inbox.Counts


def number(limit: int, *, passing_over: set[Any]) -> int:
    """Number up to `limit` of what others wrote, oldest first; return how many.

    Args:
        passing_over: Owners whose inbox somebody holds just now. They are added here, so that they
            keep nobody else waiting.
    """
    with transaction.atomic(using=database()):
        waiting = Notification.objects.unnumbered().exclude(user__in=passing_over)
        owners = list(dict.fromkeys(waiting.values_list("user_id", flat=True)[:limit]))
        if not owners:
            return 0
        heads = log.lock(owners, skip_locked=True)
        passing_over.update(owner for owner in owners if owner not in heads)
        return log.number_unnumbered(heads, limit=limit)


def push(backend: Backend, limit: int) -> int:
    """Tell the screens of up to `limit` people what changed for them; return how many.

    Raises:
        BackendError: Nothing is settled; all of it is tried again.
    """
    behind = Inbox.objects.filter(published__lt=F("modseq"), due_at__lte=Now())
    owed = list(behind.values_list("pk", "modseq", "published", "attempts", named=True)[:limit])
    if not owed:
        return 0
    rows = _changes(owed)
    page = render.Page(rows)
    publications = _publications(owed, rows, page, backend.max_bytes)
    _settle(owed, publications, backend.publish(publications))
    _report([(row, page.text(row).error) for row in rows if row.deleted_at is None])
    return len(owed)


def _changes(owed: Sequence[Any]) -> list[Any]:
    few = [row.pk for row in owed if row.modseq - row.published <= PUSH_ITEMS]
    log_rows = Notification.objects.filter(
        user__in=sql.keys(Inbox, few),
        modseq__gt=F("user__hark_inbox__published"),
        modseq__lte=F("user__hark_inbox__modseq"),
    )
    return list(log_rows.order_by("user_id", "modseq").values_list(*render.SHOWN, named=True))


def _publications(
    owed: Sequence[Any], rows: Sequence[Any], page: render.Page, max_bytes: int
) -> list[Publication]:
    by_owner: dict[Any, list[render.Item]] = {}
    for row in rows:
        by_owner.setdefault(row.user_id, []).append(page.item(row))
    counts = inbox.counts([row.pk for row in owed])
    nobody = inbox.Counts(unread=0, unseen=0)  # their account was deleted meanwhile
    return [
        _publication(row, by_owner.get(row.pk, []), counts.get(row.pk, nobody), max_bytes)
        for row in owed
    ]


def _publication(
    row: Any, items: list[render.Item], counts: inbox.Counts, max_bytes: int
) -> Publication:
    # The items were read after the inbox was, and may have moved on since.
    modseq = max([row.modseq, *(item["modseq"] for item in items)])
    push: Push = {"since": row.published, "modseq": modseq, "items": items, "counts": counts}
    publication = Publication(channel=inbox_of(row.pk), data=push)
    if row.modseq - row.published <= PUSH_ITEMS and publication.size <= max_bytes:
        return publication
    # "You should hold this already" makes every client see that it missed something.
    return Publication(channel=publication.channel, data={**push, "since": modseq, "items": []})


def _settle(
    owed: Sequence[Any], publications: Sequence[Publication], outcomes: Sequence[Refused | None]
) -> None:
    told = {
        row.pk: publication.data["modseq"]
        for row, publication, refusal in zip(owed, publications, outcomes, strict=True)
        if refusal is None
    }
    if told:
        # Undone by a crash, it only has the same pushed again.
        sql.update(Inbox, {"published": "given.number"}, told, durable=False)
    if recovered := [row.pk for row in owed if row.attempts]:
        Inbox.objects.filter(pk__in=recovered, published=F("modseq")).update(attempts=0, error="")
    for row, refusal in zip(owed, outcomes, strict=True):
        if refusal is not None:
            retry.postpone(Inbox.objects.get(pk=row.pk), refusal)


def _report(texts: Sequence[tuple[Any, str]]) -> None:
    """Show the operator which texts could not be made; the screens got the type's label."""
    failed = [(row, error) for row, error in texts if error]
    known = (
        Outbox.objects.filter(
            kind=Outbox.Kind.TEXT, notification__in=[row.pk for row, _ in failed]
        ).values_list("notification_id", flat=True)
        if failed
        else []
    )
    Outbox.objects.bulk_create(
        [
            Outbox(
                kind=Outbox.Kind.TEXT,
                subject=row.type,
                notification_id=row.pk,
                error=error,
                attempts=1,
                due_at=None,
            )
            for row, error in failed
            if row.pk not in known
        ]
    )
