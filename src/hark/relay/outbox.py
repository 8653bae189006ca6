"""Taking the rows of one kind that are due, a batch at a time."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F

from hark import sql
from hark.instants import Now
from hark.jobs.base import Job
from hark.models import Outbox
from hark.plain import described
from hark.wake import database

logger = logging.getLogger(__name__)


def run_due(job: Job, run: Callable[[list[Outbox]], None], limit: int) -> int:
    """Have up to `limit` due rows of one kind run, by the transaction that settles them.

    Args:
        run: What to do with them: `job.run`.

    Returns:
        How many there were.
    """
    with transaction.atomic(using=database()):
        if rows := claim(job, limit):
            run(rows)
        return len(rows)


def claim(job: Job, limit: int) -> list[Outbox]:
    """Lock up to `limit` due rows of one kind, oldest first, each subject's in order."""
    rows = Outbox.objects.filter(kind=job.kind)
    if job.ordered:
        waiting = rows.filter(due_at__gt=Now())
        rows = rows.exclude(subject__in=waiting.values("subject"))
    return _readable(rows.claim(min(limit, job.batch_size or limit)))


def _readable(rows: Any) -> list[Outbox]:
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
