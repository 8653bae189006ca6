"""withdraw() and amend(): what was sent is taken back or corrected, on every screen.

Like notify(), they write in the caller's transaction and wait for nobody's inbox: a row that
changed loses its number, and the relay gives it a new one. Rows are found again by their facts.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from hark import facts
from hark.jobs.recall import Recall, apply
from hark.jobs.send import FACTS, Send
from hark.models import Outbox
from hark.sending import template
from hark.types import NotificationType, name_of
from hark.wake import database, wake_on_commit


def withdraw(notification: NotificationType) -> None:
    """Take back a notification from everybody who got it, or is about to.

    Args:
        notification: One with the same type and equal fields as the one that was sent. Subjects
            that are just being deleted may still be named, as in a `post_delete` receiver, and so
            may those of which only the key is known, as `Comment(pk=7)`.

    Raises:
        NotRegistered, NotSerializable: It cannot have been sent.
    """
    found = _identity(notification)
    with transaction.atomic(using=database()):
        # First what the relay has yet to write: if it is writing just now, this waits for it.
        _unwritten(found).delete()
        _change(found, {"deleted_at": timezone.now().isoformat()})


def amend(sent: NotificationType, corrected: NotificationType | None = None) -> None:
    """Show a corrected notification wherever `sent` is shown.

    Args:
        sent: As for `withdraw`.
        corrected: What is true instead; None: the same facts, whose subjects have changed and whose
            text should be made anew on the screens that are open.

    Raises:
        NotRegistered, NotSerializable, TooLarge: As for `notify`.
    """
    found = _identity(sent)
    row = template(corrected or sent)
    values = {name: getattr(row, name) for name in FACTS} | {"facts": str(row.facts)}
    with transaction.atomic(using=database()):
        for job in _unwritten(found).select_for_update():
            job.payload |= values
            job.save(update_fields=["payload"])
        _change(found, values)


def _identity(sent: NotificationType) -> UUID:
    return facts.identity(name_of(sent), facts.dump(sent, unsaved=True))


def _unwritten(found: UUID) -> Any:
    return Outbox.objects.filter(kind=Send.kind, payload__facts=str(found))


def _change(found: UUID, values: Mapping[str, Any]) -> None:
    last = apply(found, values, after=0)
    if last is not None:
        payload = {"facts": str(found), "values": values, "after": last}
        Recall.owe(str(found), payload)
    wake_on_commit()
