"""One log per person: giving numbers to changes.

Numbers are given while the row of that inbox is locked, so they are contiguous and in the order in
which they become visible. Only the relay and the owner's own requests do this; nobody who merely
writes to somebody's inbox ever waits here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import connections
from django.utils import timezone

from hark import sql
from hark.media.email import Email
from hark.models import Inbox, Notification, Outbox
from hark.types import type_named
from hark.wake import database

Marks = Mapping[str, datetime | None]
"""Columns of Notification and when it happened. A mark that is there already keeps its first time;
None takes the mark away."""

NO_MARKS: Marks = MappingProxyType({})


def lock(user_ids: Sequence[Any], *, skip_locked: bool = False) -> dict[Any, Inbox]:
    """Lock these inboxes, made if need be, until the present transaction ends.

    Args:
        user_ids: Locked in one order, whoever asks, so that two can never wait for each other.
        skip_locked: Leave out those that are held by somebody else.
    """
    inboxes = _locked(user_ids, skip_locked=skip_locked)
    if len(inboxes) < len(user_ids):
        now = timezone.now()
        missing = [Inbox(user_id=pk, due_at=now) for pk in user_ids if pk not in inboxes]
        if Inbox.objects.bulk_create(missing, ignore_conflicts=True):
            inboxes = _locked(user_ids, skip_locked=skip_locked)
    return inboxes


def _locked(user_ids: Sequence[Any], *, skip_locked: bool) -> dict[Any, Inbox]:
    rows = Inbox.objects.filter(pk__in=sql.keys(Inbox, user_ids)).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(skip_locked=skip_locked)}


def number_unnumbered(inboxes: Mapping[Any, Inbox], *, limit: int) -> list[Notification]:
    """Number, oldest first, what others have written to these locked inboxes; return those rows."""
    waiting = Notification.objects.unnumbered().filter(user__in=sql.keys(Inbox, list(inboxes)))
    rows = list(waiting[:limit])
    number(inboxes, rows)
    return rows


def number(
    inboxes: Mapping[Any, Inbox], rows: Sequence[Notification], marks: Marks = NO_MARKS
) -> None:
    """Give each row the next number of its owner's locked inbox, and set these marks.

    The rows and inboxes passed in are brought up to date, too.
    """
    if not rows:
        return
    arrivals = [row for row in rows if not row.arrived]
    for row in rows:
        inbox = inboxes[row.user_id]
        inbox.modseq += 1
        row.modseq, row.arrived = inbox.modseq, True
        for name, moment in marks.items():
            setattr(row, name, moment and (getattr(row, name) or moment))
    changed = {row.user_id: inboxes[row.user_id].modseq for row in rows}
    sql.update(Inbox, {"modseq": "given.number"}, changed)
    _save(rows, marks)
    _owe_emails(arrivals)


def _save(rows: Sequence[Notification], marks: Marks) -> None:
    adapt = connections[database()].ops.adapt_datetimefield_value
    assignments = {"modseq": "given.number", "arrived": "TRUE"}
    for name, moment in marks.items():
        assignments[name] = f"COALESCE({name}, %s)" if moment else "NULL"
    moments = [adapt(moment) for moment in marks.values() if moment]
    numbers = {row.pk: row.modseq or 0 for row in rows}
    sql.update(Notification, assignments, numbers, moments)


def _owe_emails(rows: Iterable[Notification]) -> None:
    """Plan the e-mails of what has just arrived."""
    owed = []
    for row in rows:
        cls = type_named(row.type)
        for medium in cls.media if cls and row.read_at is None and row.deleted_at is None else ():
            if isinstance(medium, Email):
                due_at = row.created_at + medium.if_unread_for
                owed.append(
                    Outbox(
                        kind=Outbox.Kind.EMAIL,
                        subject=row.type,
                        notification_id=row.pk,
                        due_at=due_at,
                    )
                )
    Outbox.objects.bulk_create(owed)
