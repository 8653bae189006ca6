"""What a reader does with their inbox: page, counts, changes and marks. One place for the rules.

Every change takes the next number of the owner's log and owes their other screens a push; a change
that changes nothing takes none.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypedDict
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import BooleanField, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from hark import log, sql
from hark.exceptions import HarkError
from hark.models import UNREAD, UNSEEN, Inbox, Notification
from hark.wake import database, wake_on_commit

logger = logging.getLogger(__name__)

MAX_NUMBER = 2**63 - 1

WRITTEN_WITH = """(
    hark_notification.xmin = (SELECT named.xmin FROM hark_notification AS named WHERE id = %s)
    OR NOT pg_visible_in_snapshot(hark_notification.xmin::text::xid8, pg_current_snapshot())
)"""
"""By the same transaction, or by the present one, whose rows are all that it sees before their
commit."""

COUNT_LIMIT = 100
"""Counting stops here: this many means "more than 99", and the cost never grows beyond."""

BATCH = 1000
"""Rows that one statement marks; a longer inbox takes several short transactions."""


class State(StrEnum):
    """The lists that an inbox is read by."""

    ALL = "all"
    UNREAD = "unread"
    ARCHIVED = "archived"


class Counts(TypedDict):
    """Notifications that count as new; exact to 99, and 100 for more."""

    unread: int
    unseen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a log goes, from where on it can be followed, and in which language it is read."""

    modseq: int = 0
    floor: int = 0
    language: str = ""


class OutOfReach(HarkError):
    """`since` lies beyond the present, or before what is remembered: read the inbox afresh."""

    def __init__(self, since: int, position: Position) -> None:
        super().__init__(since, position)
        self.since, self.position = since, position

    def __str__(self) -> str:
        return (
            f"changes are known from {self.position.floor} to {self.position.modseq}; "
            f"{self.since} is outside. Read the inbox afresh."
        )


class NotFound(HarkError):
    """This inbox has no such notification."""


class _Bounded(Subquery):
    """How many rows a sliced queryset has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS bounded)"


def _owned_by(owner: Any) -> Q:
    """Say whose, as a range, for rows that are ordered by `user` first.

    So they are read from an index that begins with `user`, and no further than the limit. A plain
    `user=` makes that order pointless, and the planner, who takes everybody's rows to be evenly
    mixed, may then walk along the ids of millions of rows of other people.
    """
    return Q(user__gte=owner, user__lte=owner)


def _count(of: Q, owner: Any) -> _Bounded:
    rows = Notification.objects.filter(of, _owned_by(owner)).order_by("user", "-id").values("id")
    return _Bounded(rows[:COUNT_LIMIT])


def with_counts(people: QuerySet[Any], owner: Any) -> Any:
    """Add `unread` and `unseen`, exact to 99, 100 meaning more; `owner` says whose they are."""
    return people.annotate(unread=_count(UNREAD, owner), unseen=_count(UNSEEN, owner))


def counts(user_id: Any) -> Counts:
    """Return someone's counts, exact to 99; 100 means more."""
    users = get_user_model()._base_manager.using(database()).filter(pk=user_id)  # noqa: SLF001
    # Named once more, because the planner knows large inboxes by the names of their owners.
    found: Counts = with_counts(users, user_id).values("unread", "unseen").get()
    return found


def position(user_id: Any) -> Position:
    """Return how far the log goes. Read it before the rows: what changes between comes again."""
    row = Inbox.objects.filter(pk=user_id).values("modseq", "floor", "language").first()
    return Position(**row) if row else Position()


def listing(user_id: Any, state: State) -> QuerySet[Notification]:
    """Return one of the three lists, newest first; archived ones are in no other."""
    rows = Notification.objects.filter(_owned_by(user_id), deleted_at=None)
    rows = rows.order_by("user", "-id")
    match state:
        case State.ALL:
            return rows.filter(archived_at=None)
        case State.UNREAD:
            return rows.filter(UNREAD)
        case State.ARCHIVED:
            return rows.filter(archived_at__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed in one log, in the order in which it did, and whether more did."""

    rows: list[Notification]
    modseq: int
    more: bool
    language: str


def changes(user_id: Any, since: int, *, limit: int) -> Changes:
    """Return what changed after `since`, in the order in which it did.

    Raises:
        OutOfReach: The answer could not be complete.
    """
    present = position(user_id)
    rows = readable(after(user_id, since)[: limit + 1])
    # Read last: what is forgotten while the rows are read is missing among them.
    floor = position(user_id).floor
    if not floor <= since <= present.modseq:
        raise OutOfReach(since, Position(modseq=present.modseq, floor=floor))
    if len(rows) > limit:
        del rows[limit:]
        return Changes(rows=rows, modseq=_number(rows[-1]), more=True, language=present.language)
    # A row may have moved on since the position was read, and none of them may be announced twice.
    last = _number(rows[-1]) if rows else 0
    return Changes(
        rows=rows, modseq=max(present.modseq, last), more=False, language=present.language
    )


def after(user_id: Any, since: int) -> QuerySet[Notification]:
    """Return one log from there on, in order."""
    rows = Notification.objects.filter(_owned_by(user_id), modseq__gt=since)
    return rows.order_by("user", "modseq")


def readable(rows: QuerySet[Notification]) -> list[Notification]:
    """Read these rows; one that is damaged says only what type it is, and so shows its label."""
    try:
        with sql.isolated(database()):
            return list(rows)
    except Exception as error:
        if sql.may_pass(error):
            raise
    return [_readable(known) for known in rows.values("pk", "user_id", "type", "modseq")]


def _readable(known: Any) -> Notification:
    try:
        with sql.isolated(database()):
            return Notification.objects.get(pk=known["pk"])
    except Exception:
        logger.exception("The notification %s cannot be read", known["pk"])
        lost = {"params": None, "facts": uuid4(), "created_at": datetime.fromtimestamp(0, UTC)}
        return Notification(**known, **lost)


def _number(row: Notification) -> int:
    return row.modseq or 0


def mark_read(user_id: Any, pk: int, *, now: datetime) -> Notification:
    """Mark one read, and thereby seen. Raises NotFound, as all marks do."""
    return _mark(user_id, pk, {"read_at": now, "seen_at": now})


def mark_unread(user_id: Any, pk: int) -> Notification:
    """Mark one unread again; it stays seen."""
    return _mark(user_id, pk, {"read_at": None})


def archive(user_id: Any, pk: int, *, now: datetime) -> Notification:
    """Move one to the archive, where it counts as neither unread nor unseen."""
    return _mark(user_id, pk, {"archived_at": now})


def unarchive(user_id: Any, pk: int) -> Notification:
    """Move one back from the archive."""
    return _mark(user_id, pk, {"archived_at": None})


def delete(user_id: Any, pk: int, *, now: datetime) -> None:
    """Remove one for good; its number stays in the log, so that every screen removes it."""
    _mark(user_id, pk, {"deleted_at": now})


def read_all(user_id: Any, *, through: int, held: int = 0, now: datetime) -> None:
    """Mark what was on a screen read, and all that came before it.

    Args:
        through: The id of the newest one that was shown.
        held: The number up to which the screen held the log.
    """
    shown = _came_by(user_id, through, held)
    _mark_all(user_id, UNREAD & shown, {"read_at": now, "seen_at": now})


def see_all(user_id: Any, *, through: int | None = None, held: int = 0, now: datetime) -> None:
    """Mark what was on a screen seen; without `through`, whatever is there. Else as `read_all`."""
    shown = Q() if through is None else _came_by(user_id, through, held)
    _mark_all(user_id, UNSEEN & shown, {"seen_at": now})


def _came_by(user_id: Any, through: int, held: int) -> Q:
    """Say what whoever was shown `through` as the newest one can have been shown with it.

    Ids alone do not tell: they are given when a row is written, and a transaction that began
    earlier may commit later. So what was numbered after `through` came after it, unless it came
    early enough for the screen to hold it. What has no number yet counts only if it was written
    together with `through`.
    """
    named = Notification.objects.filter(pk=through, user=user_id)
    last = Coalesce(Subquery(named.values("arrival")), MAX_NUMBER)
    numbered = Q(arrival__lte=last) | Q(arrival__lte=held)
    numbered |= Q(arrival=None, arrived=True)  # before arrivals were kept
    waiting = Q(arrived=False)
    if connections[database()].vendor == "postgresql":  # elsewhere one writes after the other
        waiting &= Q(RawSQL(WRITTEN_WITH, [through], output_field=BooleanField()))  # noqa: S611 (ours)
    return Q(id__lte=through) & (numbered | waiting)


def _mark(user_id: Any, pk: int, marks: log.Marks) -> Notification:
    with _locked(user_id) as heads:
        rows = readable(Notification.objects.of(user_id).select_for_update().filter(pk=pk))
        if not rows:
            raise NotFound
        (row,) = rows
        if any((getattr(row, name) is None) != (marks[name] is None) for name in marks):
            row.modseq = log.number(heads, [row], marks)[pk]
            for name, moment in marks.items():
                setattr(row, name, moment and (getattr(row, name) or moment))
    return row


def _mark_all(user_id: Any, which: Q, marks: log.Marks) -> None:
    while True:
        with _locked(user_id) as heads:
            rows = Notification.objects.filter(which, _owned_by(user_id)).order_by("-user", "id")
            batch = _numbered(rows.select_for_update()[:BATCH])
            log.number(heads, batch, marks)
        if len(batch) < BATCH:
            return


def _numbered(rows: QuerySet[Notification]) -> list[Any]:
    """Read what numbering needs to know; a damaged row must not keep the others from being marked.

    As `readable` does, but for thousands.
    """
    try:
        with sql.isolated(database()):
            return list(rows.values_list(*log.NUMBERED, named=True))
    except Exception as error:
        if sql.may_pass(error):
            raise
    return readable(rows)


@contextmanager
def _locked(user_id: Any) -> Iterator[log.Heads]:
    """Hold one log for a short transaction; then have the relay tell the other screens."""
    with transaction.atomic(using=database()):
        yield log.lock([user_id])
        wake_on_commit()
