"""Telling the screens what changed.

A push is not a row of its own: an inbox is owed one while its `published` lags behind its `modseq`.
So it can be sent again after a crash, several changes go out as one, and order needs no thought.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypedDict

from django.db.models import F, OuterRef

from hark import inbox, render, sql
from hark.backends.base import Backend, Publication, Refused
from hark.channels import inbox_of
from hark.instants import Now
from hark.jobs.text import RetryText
from hark.language import chosen
from hark.models import Inbox, Notification, Outbox
from hark.plain import described
from hark.relay import retry

logger = logging.getLogger(__name__)

PUSH_ITEMS = 50
"""A screen that missed more changes than this is told only that it did."""


CHANGES = """
    SELECT owed.user_id, owed.head, owed.published, owed.unread, owed.unseen, owed.language, {shown}
    FROM ({owed}) AS owed LEFT JOIN hark_notification AS changed
    ON changed.user_id = owed.user_id AND changed.modseq > owed.published
        AND owed.head - owed.published <= {most}
    ORDER BY owed.user_id, changed.modseq
"""


_field = Notification._meta.get_field  # noqa: SLF001 (public by its documentation)
_number = _field("modseq")
COLUMNS: dict[str, Any] = {
    "owner": _field("user"), "head": _number, "published": _number, "unread": _number,
    "unseen": _number, "language": Inbox._meta.get_field("language"), "pk": _field("id"),  # noqa: SLF001
    **{name: _field(name) for name in render.SHOWN[1:]},
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

    What cannot be read or prepared costs its own inbox, whose screens are told to ask, and nobody
    else's.

    Raises:
        BackendError: Nothing is settled; all of it is tried again.
    """
    try:
        batches = [_prepare(backend, _changes(limit))]
    except Exception as error:
        if sql.may_pass(error):
            raise
        owners = list(behind().values_list("pk", flat=True)[:limit])
        batches = list(_prepare_halves(backend, owners, error))
    return sum(_deliver(backend, batch) for batch in batches if batch.publications)


class _Batch(NamedTuple):
    """What goes out by one call: the rows of each inbox, and what its screens are to hear."""

    owed: list[list[Any]]
    page: render.Page
    publications: list[Publication]


def _prepare(backend: Backend, changes: Any, most: int = PUSH_ITEMS) -> _Batch:
    owed = [list(rows) for _, rows in groupby(changes, key=attrgetter("owner"))]
    changed = [row for rows in owed for row in rows if row.pk]
    page = render.Page(changed, chosen({rows[0].owner: rows[0].language for rows in owed}))
    return _Batch(owed, page, [_publication(rows, page, most, backend.max_bytes) for rows in owed])


def _deliver(backend: Backend, batch: _Batch) -> int:
    _settle([rows[0] for rows in batch.owed], backend.publish(batch.publications))
    changed = [row for rows in batch.owed for row in rows if row.pk and row.deleted_at is None]
    _report([(row, batch.page.text(row).error) for row in changed])
    return len(batch.owed)


def _prepare_halves(backend: Backend, owners: Sequence[Any], error: Exception) -> Iterator[_Batch]:
    """Halve a batch that failed, again and again, until what is to blame is alone."""
    if len(owners) < 2:
        for owner in owners:
            yield from _prepare_unread(backend, owner, error)
        return
    for half in (owners[: len(owners) // 2], owners[len(owners) // 2 :]):
        try:
            batch = _prepare(backend, _changes_of(half, PUSH_ITEMS))
        except Exception as failure:
            yield from _prepare_halves(backend, half, failure)
        else:
            yield batch


def _prepare_unread(backend: Backend, owner: Any, error: Exception) -> Iterator[_Batch]:
    """Have one inbox's screens ask for what they missed, and tell the operator why."""
    logger.error("What changed in the inbox of %s cannot be pushed: %s", owner, described(error))
    try:
        batch = _prepare(backend, _changes_of([owner], 0), 0)
    except Exception as failure:
        retry.postpone_inbox(owner, failure)
        return
    subject = str(inbox_of(owner))
    row = Outbox(subject=subject, error=described(error))
    _note(Outbox.objects.filter(subject=subject), [row])
    yield batch


def _changes(limit: int) -> Any:
    """Return what up to `limit` screens are to hear, in order, with each row the inbox's state.

    All is as of one moment. An inbox that changed too often, or whose changes moved on in number,
    has a row without a notification.
    """
    statement, params = _statement(limit)
    return sql.rows(statement, params, COLUMNS)


def _changes_of(owners: Sequence[Any], most: int) -> Any:
    """Return the same of these; up to so many changes of each."""
    return sql.rows(*_compiled(behind().filter(pk__in=owners), most), COLUMNS)


@cache
def _statement(limit: int) -> tuple[str, Sequence[Any]]:
    return _compiled(behind()[:limit], PUSH_ITEMS)


def _compiled(inboxes: Any, most: int) -> tuple[str, Sequence[Any]]:
    rows = inbox.with_counts(inboxes, OuterRef("pk")).values(
        "user_id", "published", "unread", "unseen", "language", head=F("modseq")
    )
    owed, params = sql.compiled(rows)
    shown = ", ".join(f"changed.{COLUMNS[name].column}" for name in render.SHOWN)
    return CHANGES.format(owed=owed, shown=shown, most=most), params


def _publication(rows: Sequence[Any], page: render.Page, most: int, max_bytes: int) -> Publication:
    owed = rows[0]
    push: Push = {
        "since": owed.published,
        "modseq": owed.head,
        "items": [page.item(row) for row in rows if row.pk],
        "counts": {"unread": owed.unread, "unseen": owed.unseen},
    }
    publication = Publication(channel=inbox_of(owed.owner), data=push)
    if owed.head - owed.published <= most and publication.size <= max_bytes:
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
            retry.postpone_inbox(row.owner, refusal)


def _report(texts: Sequence[tuple[Any, str]]) -> None:
    """Show the operator which texts could not be made; the screens got the type's label."""
    failed = [
        Outbox(subject=row.type, notification_id=row.pk, error=error)
        for row, error in texts
        if error
    ]
    if failed:
        pks = [row.notification_id for row in failed]
        _note(Outbox.objects.filter(notification__in=pks), failed)


def _note(known: Any, failed: Sequence[Outbox]) -> None:
    """Leave rows to the operator, except for what is known already."""
    met = set(known.filter(kind=RetryText.kind).values_list("subject", "notification_id"))
    for row in failed:
        row.kind, row.attempts, row.due_at = RetryText.kind, 1, None
    Outbox.objects.bulk_create(
        [row for row in failed if (row.subject, row.notification_id) not in met]
    )
