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
from django.db.models import Max

from hark import sql
from hark.media.planning import plans
from hark.models import Inbox, Notification, Outbox
from hark.wake import database

Marks = Mapping[str, datetime | None]
"""Columns of Notification and when it happened. A mark that is there already keeps its first time;
None takes the mark away."""

NO_MARKS: Marks = MappingProxyType({})

NUMBERED = ("pk", "user_id", "type", "created_at", "read_at", "deleted_at", "arrived")
"""What numbering needs to know of a notification."""


Heads = dict[Any, int]
"""The last number of each locked log, by its owner."""


def lock(owners: Sequence[Any]) -> Heads:
    """Lock these people's logs, begun if need be, until the present transaction ends.

    Args:
        owners: Locked in one order, whoever asks, so that two can never wait for each other.
    """
    heads = _locked(owners)
    if len(heads) < len(owners):
        _begin([owner for owner in owners if owner not in heads])
        heads = _locked(owners)
    return heads


def _begin(owners: Sequence[Any]) -> None:
    """Begin logs: after the last number that was given, if the row of an inbox was lost."""
    tops = _tops(owners)
    Inbox.objects.bulk_create(
        (
            Inbox(pk=owner, **dict.fromkeys(("modseq", "published", "floor"), tops.get(owner, 0)))
            for owner in owners
        ),
        ignore_conflicts=True,
    )


def _tops(owners: Sequence[Any]) -> dict[Any, int]:
    """Return the highest number among each of these people's notifications."""
    numbered = Notification.objects.filter(user__in=sql.keys(Inbox, owners), modseq__isnull=False)
    return dict(numbered.values_list("user_id").annotate(Max("modseq")))


def repair(owner: Any) -> None:
    """Raise the end of a log to the last number given, if it was lost, so that none comes twice."""
    top = _tops([owner]).get(owner, 0)
    Inbox.objects.filter(pk=owner, modseq__lt=top).update(modseq=top)


def _locked(owners: Sequence[Any]) -> Heads:
    rows = Inbox.objects.filter(pk__in=sql.keys(Inbox, owners)).order_by("pk")
    return dict(rows.select_for_update().values_list("pk", "modseq"))


def number_unnumbered(heads: Heads, *, limit: int) -> int:
    """Number, oldest first, what others have written to these locked logs; return how much."""
    waiting = Notification.objects.unnumbered().filter(user__in=sql.keys(Inbox, list(heads)))
    rows = list(waiting.values_list(*NUMBERED, named=True)[:limit])
    number(heads, rows)
    return len(rows)


def number(heads: Heads, rows: Sequence[Any], marks: Marks = NO_MARKS) -> dict[int, int]:
    """Give each notification the next number of its owner's locked log, and set these marks.

    Args:
        rows: Notifications, or rows with the columns NUMBERED.

    Returns:
        The number of each, by its id.
    """
    if not rows:
        return {}
    numbers = {}
    for row in rows:
        heads[row.user_id] += 1
        numbers[row.pk] = heads[row.user_id]
    changed = {row.user_id: heads[row.user_id] for row in rows}
    sql.update(Inbox, {"modseq": "given.number"}, changed)
    _save(numbers, marks)
    if not {"read_at", "archived_at", "deleted_at"} & marks.keys():
        _plan_deliveries([row for row in rows if not row.arrived])
    return numbers


def _save(numbers: Mapping[Any, int], marks: Marks) -> None:
    adapt = connections[database()].ops.adapt_datetimefield_value
    arrival = "CASE WHEN arrived THEN arrival ELSE given.number END"
    assignments = {"modseq": "given.number", "arrived": "TRUE", "arrival": arrival}
    for name, moment in marks.items():
        assignments[name] = f"COALESCE({name}, %s)" if moment else "NULL"
    moments = [adapt(moment) for moment in marks.values() if moment]
    sql.update(Notification, assignments, numbers, moments)


def _plan_deliveries(rows: Iterable[Any]) -> None:
    """Write what the media of what has just arrived are to deliver; as relay/numbering.py does."""
    planned = plans()
    Outbox.objects.bulk_create(
        Outbox(
            kind=plan.kind,
            subject=row.type,
            payload=plan.payload,
            notification_id=row.pk,
            due_at=row.created_at + plan.wait,
        )
        for row in rows
        for plan in planned
        if plan.type == row.type and row.read_at is None and row.deleted_at is None
    )
