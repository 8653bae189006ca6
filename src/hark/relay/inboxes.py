"""Telling the screens what changed.

A push is not a row of its own: an inbox is owed one while its `published` lags behind its `modseq`.
So it can be sent again after a crash, several changes go out as one, and order needs no thought.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, TypedDict

from django.db.models import F, OuterRef
from django.db.models.functions import Now

from hark import inbox, render, sql
from hark.backends.base import Backend, Publication, Refused
from hark.channels import inbox_of
from hark.models import Inbox, Notification, Outbox
from hark.relay import retry

PUSH_ITEMS = 50
"""A screen that missed more changes than this is told only that it did."""


CHANGES = """
    SELECT owed.user_id, owed.head, owed.published, owed.unread, owed.unseen, {shown}
    FROM ({owed}) AS owed LEFT JOIN hark_notification AS changed
    ON changed.user_id = owed.user_id AND changed.modseq > owed.published
        AND owed.head - owed.published <= {most}
    ORDER BY owed.user_id, changed.modseq
"""


_field = Notification._meta.get_field  # noqa: SLF001 (public by its documentation)
_number = _field("modseq")
COLUMNS: dict[str, Any] = {
    "owner": _field("user"), "head": _number, "published": _number, "unread": _number,
    "unseen": _number, "pk": _field("id"), **{name: _field(name) for name in render.SHOWN[1:]},
}  # fmt: skip


class Push(TypedDict):
    """What is published on someone's inbox channel."""

    since: int
    modseq: int
    items: list[render.Item]
    counts: inbox.Counts


def behind() -> Any:
    """Return the inboxes whose screens are to be told something now."""
    owed = Inbox.objects.filter(published__lt=F("modseq"), due_at__lte=Now())
    return owed.order_by("due_at")  # else the planner, who expects many, would read the table


def push(backend: Backend, limit: int) -> int:
    """Tell the screens of up to `limit` people what changed for them; return how many.

    Raises:
        BackendError: Nothing is settled; all of it is tried again.
    """
    owed = [list(rows) for _, rows in groupby(_changes(limit), key=attrgetter("owner"))]
    if not owed:
        return 0
    changed = [row for rows in owed for row in rows if row.pk]
    page = render.Page(changed)
    publications = [_publication(rows, page, backend.max_bytes) for rows in owed]
    _settle([rows[0] for rows in owed], backend.publish(publications))
    _report([(row, page.text(row).error) for row in changed if row.deleted_at is None])
    return len(owed)


def _changes(limit: int) -> Any:
    """Return what up to `limit` screens are to hear, in order, with each row the inbox's state.

    All is as of one moment. An inbox that changed too often, or whose changes moved on in number,
    has a row without a notification.
    """
    statement, params = _statement(limit)
    return sql.rows(statement, params, COLUMNS)


@cache
def _statement(limit: int) -> tuple[str, Sequence[Any]]:
    rows = inbox.with_counts(behind(), OuterRef("pk")).values(
        "user_id", "published", "unread", "unseen", head=F("modseq")
    )
    owed, params = sql.compiled(rows[:limit])
    shown = ", ".join(f"changed.{COLUMNS[name].column}" for name in render.SHOWN)
    return CHANGES.format(owed=owed, shown=shown, most=PUSH_ITEMS), params


def _publication(rows: Sequence[Any], page: render.Page, max_bytes: int) -> Publication:
    owed = rows[0]
    push: Push = {
        "since": owed.published,
        "modseq": owed.head,
        "items": [page.item(row) for row in rows if row.pk],
        "counts": {"unread": owed.unread, "unseen": owed.unseen},
    }
    publication = Publication(channel=inbox_of(owed.owner), data=push)
    if owed.head - owed.published <= PUSH_ITEMS and publication.size <= max_bytes:
        return publication
    # "You should hold this already" makes every client see that it missed something.
    return Publication(channel=publication.channel, data={**push, "since": owed.head, "items": []})


def _settle(owed: Sequence[Any], outcomes: Sequence[Refused | None]) -> None:
    outcome_of = list(zip(owed, outcomes, strict=True))
    if told := {row.owner: row.head for row, refusal in outcome_of if refusal is None}:
        # Undone by a crash, it only has the same pushed again. A relay that hung meanwhile must not
        # take back what another has settled.
        further = "CASE WHEN published < given.number THEN given.number ELSE published END"
        settled = {"published": further, "attempts": "0", "error": "''"}
        sql.update(Inbox, settled, told, durable=False)
    for row, refusal in outcome_of:
        if refusal is not None:
            retry.postpone(Inbox.objects.get(pk=row.owner), refusal)


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
