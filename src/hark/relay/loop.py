"""The loop: look, work, look again at once while there is work, then wait to be woken."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.db import DatabaseError, connections

from hark.backends.base import Backend, BackendError
from hark.conf import settings
from hark.jobs.base import BackendJob, DatabaseJob, Job, SlowBatchJob
from hark.jobs.registry import jobs
from hark.relay import inboxes, retry
from hark.relay.lease import Lease
from hark.relay.look import Step, due
from hark.relay.numbering import number
from hark.relay.outbox import run_due
from hark.relay.revocations import Reminder
from hark.relay.threads import STOP_SECONDS, JobThread
from hark.wake import LINGER, database

LINGER_STEP = 0.002
FIRST_DELAY = 0.1
LONGEST_DELAY = 2.0
logger = logging.getLogger(__name__)


class Circuit:
    """Keeps a backend that is down from being asked all the time. Open means: do not ask."""

    def __init__(self) -> None:
        self.failures = 0
        self.error = ""
        self._closes_at = 0.0

    def open(self) -> bool:
        return self.remaining() > 0

    def remaining(self) -> float:
        """Return the seconds until the backend is asked again."""
        return max(0.0, self._closes_at - time.monotonic())

    def failed(self, error: BackendError) -> None:
        if not self.failures:
            logger.warning("The backend fails; everything waits: %s", error)
        self.error = str(error) or type(error).__name__
        seconds = retry.delay(self.failures, first=FIRST_DELAY, longest=LONGEST_DELAY)
        self._closes_at = time.monotonic() + seconds
        self.failures += 1

    def succeeded(self) -> None:
        if self.failures:
            logger.info("The backend answers again")
        self.failures, self.error = 0, ""


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Let nobody look for garbage during a pass.

    The rows of a batch live to its end, so looking through them again and again, as Python does
    when so many objects are made, finds nothing; it took a quarter of the relay's time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class LostLease(Exception):
    """Another relay may be at work: do nothing more."""


class Relay:
    """Delivers what is owed.

    Args:
        lease: Asked before each step, so that no two relays take the same one.
    """

    def __init__(self, backend: Backend, lease: Lease) -> None:
        self.circuit = Circuit()
        self._backend = backend
        self._reminder = Reminder(backend)
        self._lease = lease
        self._threads: dict[str, JobThread] = {}
        self._stopping = False

    def stop(self) -> None:
        """Finish the present step and return from `run`; may be called from a signal handler."""
        self._stopping = True
        self._lease.wake()

    def run(self) -> None:
        """Work until stopped."""
        worked_at = 0.0
        failures = 0
        while not self._stopping:
            self._lease.progress(trouble=self.circuit.error)
            if not self._lease.held():
                self._lease.wait(LINGER)
                continue
            try:
                with _no_garbage_collection():
                    worked = self.work()
                failures = 0
            except LostLease:
                continue
            except Exception as error:
                # The database is away, or there is a bug: neither is mended by ending here.
                logger.log(
                    logging.WARNING if isinstance(error, DatabaseError) else logging.ERROR,
                    "A pass failed: %s",
                    str(error).strip(),
                    exc_info=not isinstance(error, DatabaseError),
                )
                connections[database()].close()
                self._lease.wait(retry.delay(failures, first=FIRST_DELAY, longest=LONGEST_DELAY))
                failures += 1
                continue
            if worked:
                worked_at = time.monotonic()
            else:
                self._lease.wait(self._pause(worked_at))
        self._stop_threads()

    def work(self) -> int:
        """Make one pass over everything that is owed; return how much was done.

        Raises:
            LostLease: Between two steps.
        """
        limit = settings().BATCH
        self._deliver(lambda _: self._reminder.look())
        done = 0
        found = due()
        if Step.NUMBER in found:
            done += self._step(lambda: number(limit))
        if found & {Step.NUMBER, Step.PUSH}:
            done += self._deliver(lambda limit: inboxes.push(self._backend, limit))
        for job in jobs():
            if job.kind in found:
                done += self._run(job, limit)
        return done

    def _run(self, job: Job, limit: int) -> int:
        match job:
            case DatabaseJob():
                return self._step(lambda: run_due(job, job.run, limit))
            case BackendJob():
                run = partial(job.run, backend=self._backend)
                return self._deliver(lambda limit: run_due(job, run, limit))
            case SlowBatchJob():
                if job.kind not in self._threads:
                    self._threads[job.kind] = JobThread(job)
                self._threads[job.kind].tell()
        return 0

    def _step(self, step: Callable[[], int]) -> int:
        if not self._lease.held():
            raise LostLease
        self._lease.progress(trouble=self.circuit.error)
        return step()

    def _deliver(self, step: Callable[[int], int]) -> int:
        """Take a step that needs the backend; with a single row while it is not known to answer."""
        if self.circuit.open():
            return 0
        limit = 1 if self.circuit.failures else settings().BATCH
        try:
            done = self._step(lambda: step(limit))
        except BackendError as error:
            self.circuit.failed(error)
            return 0
        if done:
            self.circuit.succeeded()
        return done

    def _stop_threads(self) -> None:
        """Have the slow jobs take nothing more; wait a little for what they are doing."""
        for thread in self._threads.values():
            thread.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _pause(self, worked_at: float) -> float:
        # Writers wake us once in a while only (hark.wake): what follows soon is found by looking.
        if time.monotonic() - worked_at < LINGER:
            return LINGER_STEP
        # A backend that is back should not have to wait for the next look.
        return min(settings().POLL_INTERVAL, self.circuit.remaining() or settings().POLL_INTERVAL)
