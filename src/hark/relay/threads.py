"""Slow jobs, each kind in a thread of its own: one that hangs delays nothing else.

Their rows are taken by a short transaction, and are not due for a while; if this process ends
meanwhile, they are taken again after that: at least once.
"""

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from hark.conf import settings
from hark.jobs.base import SlowBatchJob
from hark.models import Outbox
from hark.relay.outbox import claim
from hark.wake import database

HELD = timedelta(minutes=10)
STOP_SECONDS = 5.0

logger = logging.getLogger(__name__)


class JobThread:
    """Does the rows of one kind whenever it is told that some are due."""

    def __init__(self, job: SlowBatchJob) -> None:
        self._job = job
        self._told = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"hark-{job.kind}", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """Have a look for rows; returns at once."""
        self._told.set()

    def stop(self) -> None:
        """Take no more rows."""
        self._stopping = True
        self._told.set()

    def join(self, seconds: float) -> None:
        """Wait for the rows that are being done, for so long at most."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while self._told.wait() and not self._stopping:
            self._told.clear()
            try:
                while not self._stopping and run_next(self._job):
                    pass
            except DatabaseError as error:
                logger.warning("Could not look for %s: %s", self._job.kind, str(error).strip())
            except Exception:
                logger.exception("A look for %s failed", self._job.kind)
            finally:
                connections[database()].close()


def run_next(job: SlowBatchJob) -> bool:
    """Do the next rows that are due; return whether there were any."""
    if rows := _hold(job):
        job.run(rows)
    return bool(rows)


def _hold(job: SlowBatchJob) -> list[Outbox]:
    with transaction.atomic(using=database()):
        rows = claim(job, settings().BATCH)
        held = Outbox.objects.filter(pk__in=[row.pk for row in rows])
        held.update(due_at=timezone.now() + HELD)
    return rows
