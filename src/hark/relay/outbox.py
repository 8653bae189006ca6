"""What is owed beyond the inboxes' own pushes: one function for each kind of row.

Each takes a batch, and settles by deleting. A row that fails is postponed alone; where order
counts, whatever else concerns the same subject waits for it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from hark import log, sending
from hark.backends.base import Backend, BackendError, Publication
from hark.channels import Channel
from hark.models import Notification, Outbox
from hark.recall import apply
from hark.relay import retry
from hark.render import Page
from hark.wake import database

Kind = Outbox.Kind

ORDERED = {Kind.PUBLICATION, Kind.RECALL}
"""Of these, a row that is to be tried again later keeps what came after it waiting."""


@contextmanager
def _claimed(kind: Outbox.Kind, limit: int) -> Iterator[list[Outbox]]:
    """Hold up to `limit` due rows of one kind, oldest first, each subject's in order."""
    rows = Outbox.objects.filter(kind=kind)
    if kind in ORDERED:
        waiting = Outbox.objects.filter(kind=kind, due_at__gt=Now())
        rows = rows.exclude(subject__in=waiting.values("subject"))
    with transaction.atomic(using=database()):
        yield list(rows.claim(limit))


def _settle(rows: Sequence[Outbox]) -> None:
    Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()


def publish(backend: Backend, limit: int) -> int:
    """Publish what applications put into their channels.

    Raises:
        BackendError: Nothing is settled; all of it is tried again.
    """
    with _claimed(Kind.PUBLICATION, limit) as rows:
        if not rows:
            return 0
        outcomes = backend.publish(
            [Publication(channel=Channel.parse(row.subject), data=row.payload) for row in rows]
        )
        refusals = {row.pk: refusal for row, refusal in zip(rows, outcomes, strict=True)}
        _settle([row for row in rows if refusals[row.pk] is None])
        for row in rows:
            if refusal := refusals[row.pk]:
                retry.postpone(row, refusal)
        return len(rows)


def disconnect(backend: Backend, limit: int) -> int:
    """Close the sockets of those whose sessions have ended.

    Raises:
        BackendError: What is left is tried again.
    """
    with _claimed(Kind.DISCONNECT, limit) as rows:
        for user_id in {row.subject for row in rows}:
            backend.disconnect(user_id)
        _settle(rows)
        return len(rows)


def expand() -> int:
    """Write the notifications of one part of a large send: all of it and its row, or nothing."""
    return _each(Kind.SEND, 1, _write)


def recall() -> int:
    """Go on withdrawing or amending what was sent to very many: a thousand rows at a time."""
    with _claimed(Kind.RECALL, 1) as jobs:
        for job in jobs:
            found, values = UUID(job.payload["facts"]), job.payload["values"]
            last = apply(found, values, after=job.payload["after"])
            if last is None:
                _settle([job])
            else:
                job.payload |= {"after": last}
                job.save(update_fields=["payload"])
        return len(jobs)


def retry_texts(limit: int) -> int:
    """Show again what could not be made into text, once somebody asked for that."""
    return _each(Kind.TEXT, limit, _show_again)


def _each(kind: Outbox.Kind, limit: int, handle: Callable[[Outbox], None]) -> int:
    """Handle rows one by one; one that fails spoils nothing but itself."""
    done = []
    with _claimed(kind, limit) as rows:
        for row in rows:
            try:
                with transaction.atomic(using=database()):
                    handle(row)
            except BackendError:
                raise
            except Exception as error:  # application code: a renderer
                retry.postpone(row, error)
            else:
                done.append(row)
        _settle(done)
    return len(rows)


def _write(job: Outbox) -> None:
    values: dict[str, Any] = dict(job.payload)
    user_ids = values.pop("users")
    created_at = datetime.fromisoformat(values.pop("created_at"))
    sending.write(Notification(**values, created_at=created_at), user_ids)


def _show_again(row: Outbox) -> None:
    notification = row.notification
    if notification is None or notification.deleted_at is not None:
        return
    if error := Page([notification]).text(notification).error:
        raise RuntimeError(error)
    log.number(log.lock([notification.user_id]), [notification])
