"""What a job is: everything that the relay and the admin need to know of a kind of outbox row.

Whatever the kind, a row is done at least once: it is deleted when that went well, and else tried
again, later each time, until it is given up and waits for the operator.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hark.backends.base import Backend, BackendError
from hark.models import SUBJECT_MAX_LENGTH, Notification, Outbox
from hark.relay import retry
from hark.wake import database, wake_on_commit


class Job:
    """One kind of outbox row. Extend one of the classes below, which say where it runs."""

    kind: str = ""
    """Dotted lower-case words: what the rows store."""

    label: Any = ""
    """What the admin calls it, if not by its kind."""

    lost: Any = _("it is never done")
    """What it means to delete such a row: the operator reads it before doing so."""

    ordered: bool = False
    """Whether a row that is to be tried again keeps the later ones of its subject waiting."""

    batch_size: int | None = None
    """Rows to take at once, at most; None: HARK["BATCH"]."""

    max_attempts: int | None = None
    """When to give up; None: after HARK["MAX_ATTEMPTS"]."""

    is_secret: bool = False
    """Whether operators must not read the payload."""

    @classmethod
    def owe(
        cls, subject: str, payload: Any = None, notification: Notification | None = None
    ) -> Outbox:
        """Write a row, which the relay takes once the present transaction is committed.

        Args:
            subject: The channel, user or whatever else it is about; up to 255 characters.
            payload: What else the job needs to know, as JSON.

        Raises:
            ValueError: The subject is too long for its column.
        """
        if len(subject) > SUBJECT_MAX_LENGTH:
            raise ValueError(
                f"a subject has at most {SUBJECT_MAX_LENGTH} characters; got {subject!r:.300}"
            )
        payload = {} if payload is None else payload
        row = Outbox.objects.create(
            kind=cls.kind, subject=subject, payload=payload, notification=notification
        )
        wake_on_commit()
        return row

    def settle(self, rows: Sequence[Outbox]) -> None:
        """Note that these are done."""
        Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()

    def failed(self, row: Outbox, error: Exception) -> None:
        """Note that this one is to be tried again, or given up."""
        retry.postpone(row, error, max_attempts=self.max_attempts)

    def attempt(self, row: Outbox, handle: Callable[[Outbox], None]) -> bool:
        """Handle a row inside a savepoint; return whether that went well. If not, it `failed`."""
        try:
            with transaction.atomic(using=database()):
                handle(row)
        except BackendError:
            raise
        except Exception as error:  # application code, or a damaged row
            self.failed(row, error)
            return False
        return True


class DatabaseJob(Job, ABC):
    """Work in Hark's own database, by the transaction that settles it: done exactly once.

    It keeps the relay from everything else meanwhile, so it has to be quick.
    """

    def run(self, rows: Sequence[Outbox]) -> None:
        """Handle each by itself, in order; one that fails spoils nothing but itself."""
        self.settle([row for row in rows if self.attempt(row, self.handle)])

    @abstractmethod
    def handle(self, row: Outbox) -> None:
        """Do what one row asks.

        Raises:
            Exception: It is tried again later.
        """


class BackendJob(Job, ABC):
    """Calls of the realtime backend. While that is down, all of them wait."""

    @abstractmethod
    def run(self, rows: Sequence[Outbox], backend: Backend) -> None:
        """Do what these rows ask, and settle each, or note that it failed.

        Raises:
            BackendError: Whatever was not settled is tried again.
        """


class SlowBatchJob(Job, ABC):
    """Whatever may take long, as a call of a foreign service: in a thread of its own.

    No transaction is open meanwhile, and nothing else waits for it, other kinds of slow jobs
    included. A call has ten minutes; if the relay dies in it, its rows are taken again after that.
    """

    batch_size = 1

    @abstractmethod
    def run(self, rows: Sequence[Outbox]) -> None:
        """Do what these rows ask, and settle each, or note that it failed."""


class SlowJob(SlowBatchJob):
    """The same, for rows that have nothing to do with each other."""

    def run(self, rows: Sequence[Outbox]) -> None:
        """Handle each by itself, in order; one that fails spoils nothing but itself."""
        for row in rows:
            try:
                self.handle(row)
            except Exception as error:  # application code, a foreign service
                self.failed(row, error)
            else:
                self.settle([row])

    @abstractmethod
    def handle(self, row: Outbox) -> None:
        """Do what one row asks.

        Raises:
            Exception: It is tried again later.
        """
