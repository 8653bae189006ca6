"""Withdrawing and amending what was sent to very many, a thousand rows at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from hark.jobs.base import DatabaseJob
from hark.models import Notification, Outbox
from hark.recipients import CHUNK


class Recall(DatabaseJob):
    """Goes on where the caller's transaction, or the step before, has ended."""

    kind = "recall"
    label = _("notifications to withdraw or amend")
    lost = _("what was sent stays in the remaining inboxes as it was")
    ordered = True
    batch_size = 1

    def run(self, rows: Sequence[Outbox]) -> None:
        for row in rows:
            self.attempt(row, self.handle)

    def handle(self, row: Outbox) -> None:
        """Take one step; only the last one settles the row."""
        found, values = UUID(row.payload["facts"]), row.payload["values"]
        last = apply(found, values, after=row.payload["after"])
        if last is None:
            self.settle([row])
        else:
            row.payload |= {"after": last}
            row.save(update_fields=["payload"])


def apply(found: UUID, values: Mapping[str, Any], *, after: int) -> int | None:
    """Change up to a thousand notifications with these facts, oldest first.

    Args:
        values: Columns to set, as JSON has them.
        after: The id to go on after.

    Returns:
        The id to go on after next; None if that was all.
    """
    rows = Notification.objects.filter(facts=found, deleted_at=None, id__gt=after).order_by("id")
    # Locked in order, so that two who change the same rows cannot wait for each other.
    ids = list(rows.select_for_update().values_list("id", flat=True)[:CHUNK])
    Notification.objects.filter(id__in=ids).update(**values, modseq=None)
    return ids[-1] if len(ids) == CHUNK else None
