"""What is owed beyond the inboxes' own pushes: one function for each kind of row.

Each takes a batch, and settles by deleting. A row that fails is postponed alone; where order
counts, whatever else concerns the same subject waits for it.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from hark import log, sending, sql
from hark.backends.base import Backend, BackendError, Publication, Refused
from hark.channels import Channel
from hark.instants import Now
from hark.models import Notification, Outbox
from hark.plain import described
from hark.recall import apply
from hark.relay import retry, revocations
from hark.render import Page
from hark.wake import database

logger = logging.getLogger(__name__)
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
        yield readable(rows.claim(limit))


def readable(rows: Any) -> list[Outbox]:
    """Read these rows; one that cannot be read is given up, and keeps no other waiting."""
    try:
        with sql.isolated(database()):
            return list(rows)
    except Exception as error:
        if sql.may_pass(error):
            raise
    found = []
    for pk in list(rows.values_list("pk", flat=True)):
        try:
            with sql.isolated(database()):
                found.append(Outbox.objects.get(pk=pk))
        except Exception as error:
            logger.exception("The outbox row %s cannot be read", pk)
            given_up = {"due_at": None, "attempts": F("attempts") + 1, "error": described(error)}
            Outbox.objects.filter(pk=pk).update(**given_up)
    return found


def _settle(rows: Sequence[Outbox]) -> None:
    Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()


def publish(backend: Backend, limit: int) -> int:
    """Publish what applications put into their channels.

    Raises:
        BackendError: Nothing is settled; all of it is tried again.
    """
    with _claimed(Kind.PUBLICATION, limit) as rows:
        sound = [(row, made) for row in rows if (made := _publication(row))]
        if sound:
            outcomes = backend.publish([publication for _, publication in sound])
            settled = list(zip(sound, outcomes, strict=True))
            _settle([row for (row, _), refusal in settled if refusal is None])
            for (row, _), refusal in settled:
                if refusal:
                    retry.postpone(row, refusal)
        return len(rows)


def _publication(row: Outbox) -> Publication | None:
    """Return what to publish; None if the row is damaged, which is noted."""
    try:
        if not isinstance(row.payload, dict):
            raise TypeError(f"the payload is no JSON object but {row.payload!r:.100}")
        return Publication(channel=Channel.parse(row.subject), data=row.payload)
    except Exception as error:
        retry.postpone(row, error)
        return None


def disconnect(backend: Backend, limit: int) -> int:
    """Close the sockets of those whose sessions have ended.

    Raises:
        BackendError: What is left is tried again.
    """
    with _claimed(Kind.DISCONNECT, limit) as rows:
        by_user: dict[str, list[Outbox]] = {}
        for row in rows:
            by_user.setdefault(row.subject, []).append(row)
        for user_id, concerned in by_user.items():
            revocations.note(user_id, backend)
            try:
                backend.disconnect(user_id)
            except Refused as refusal:
                for row in concerned:
                    retry.postpone(row, refusal)
            else:
                _settle(concerned)
        return len(rows)


def unsubscribe(backend: Backend, limit: int) -> int:
    """End what was subscribed to by those who may no longer listen.

    Raises:
        BackendError: What is left is tried again.
    """

    def end(row: Outbox) -> None:
        channel = Channel.parse(row.payload["channel"])
        revocations.note(row.subject, backend, channel)
        backend.unsubscribe(row.subject, channel)

    return _each(Kind.UNSUBSCRIBE, limit, end)


def expand() -> int:
    """Write the notifications of one part of a large send: all of it and its row, or nothing."""
    return _each(Kind.SEND, 1, _write)


def recall() -> int:
    """Go on withdrawing or amending what was sent to very many: a thousand rows at a time."""
    with _claimed(Kind.RECALL, 1) as jobs:
        for job in jobs:
            _tried(job, _recall)
        return len(jobs)


def _recall(job: Outbox) -> None:
    found, values = UUID(job.payload["facts"]), job.payload["values"]
    last = apply(found, values, after=job.payload["after"])
    if last is None:
        _settle([job])
    else:
        job.payload |= {"after": last}
        job.save(update_fields=["payload"])


def retry_texts(limit: int) -> int:
    """Show again what could not be made into text, once somebody asked for that."""
    return _each(Kind.TEXT, limit, _show_again)


def _each(kind: Outbox.Kind, limit: int, handle: Callable[[Outbox], None]) -> int:
    """Handle rows one by one; one that fails spoils nothing but itself."""
    with _claimed(kind, limit) as rows:
        _settle([row for row in rows if _tried(row, handle)])
    return len(rows)


def _tried(row: Outbox, handle: Callable[[Outbox], None]) -> bool:
    """Handle a row; return whether that went well. If not, it is tried again later."""
    try:
        with transaction.atomic(using=database()):
            handle(row)
    except BackendError:
        raise
    except Exception as error:  # application code: a renderer, a mail backend; a damaged row
        retry.postpone(row, error)
        return False
    return True


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
