"""The list of jobs."""

from typing import TypeVar

from hark.declaration import check_name, is_positive
from hark.exceptions import AlreadyRegistered, BadType
from hark.jobs.base import BackendJob, DatabaseJob, Job, SlowBatchJob
from hark.jobs.delivery import Deliver
from hark.jobs.disconnect import Disconnect
from hark.jobs.message import SendMessage
from hark.jobs.publication import Publish
from hark.jobs.recall import Recall
from hark.jobs.send import Send
from hark.jobs.text import RetryText
from hark.jobs.unsubscribe import Unsubscribe
from hark.media.base import CLASSES

T = TypeVar("T", bound=type[Job])

_jobs: dict[str, Job] = {
    job.kind: job
    for job in (
        Send(), Recall(), RetryText(), Publish(), Disconnect(), SendMessage(), Unsubscribe(),
    )
}  # fmt: skip


def register(cls: T) -> T:
    """Have the relay do the rows of a class of your own. Both must be imported in its process.

    Raises:
        BadType: Its `kind` is not dotted lower-case words, it extends none of the classes that say
            where it runs, or its `batch_size` or `max_attempts` is not positive.
        AlreadyRegistered: Another job, or a medium, has that kind.
        TypeError: A method is missing.
    """
    check_name(cls.kind)
    if not issubclass(cls, (DatabaseJob, BackendJob, SlowBatchJob)):
        raise BadType(f"{cls.__qualname__} must extend DatabaseJob, SlowJob or SlowBatchJob")
    for name in ("batch_size", "max_attempts"):
        value = getattr(cls, name)
        if value is not None and not is_positive(value):
            raise BadType(f"{cls.__qualname__}.{name} must be a positive number; it is {value!r}")
    other = CLASSES.get(cls.kind) or type(_jobs.get(cls.kind, cls()))
    if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise AlreadyRegistered(cls.kind, cls, other)
    _jobs[cls.kind] = cls()
    return cls


def jobs() -> list[Job]:
    """Return every job, in the order in which the relay takes their rows."""
    return [*_jobs.values(), *(Deliver(medium) for medium in CLASSES.values())]


def job_of(kind: str) -> Job | None:
    """Return the job of a row's kind; None if it was removed since."""
    return _jobs.get(kind) or (Deliver(CLASSES[kind]) if kind in CLASSES else None)
