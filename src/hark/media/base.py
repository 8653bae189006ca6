"""What a medium is."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from hark.exceptions import AlreadyRegistered


class Notified(Protocol):
    """What a medium may ask of a notification in somebody's inbox."""

    @property
    def type(self) -> str:
        """The registered name of its type."""

    @property
    def created_at(self) -> datetime:
        """When it was sent."""

    @property
    def seen_at(self) -> datetime | None:
        """When its recipient has seen it in a list."""

    @property
    def read_at(self) -> datetime | None:
        """When its recipient has read it."""

    @property
    def archived_at(self) -> datetime | None:
        """When its recipient has put it away."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivery:
    """One notification on its way to one person.

    Attributes:
        id: The notification's, the same whenever this is tried again.
        recipient: The user who gets it.
        title, body: As the recipient reads them, in their language; title is never empty.
        link: Where a click leads, below HARK["SITE_URL"]; or empty.
    """

    id: int
    type: str
    recipient: Any
    title: str
    body: str
    link: str


class Medium(ABC):
    """A way to reach a person beyond the inbox: declared on a type, carried out by the relay.

    A subclass is a frozen dataclass whose fields are what a type may choose.
    """

    name: ClassVar[str] = ""
    """Dotted lower-case words that no other medium or job has: the kind of its outbox rows."""

    label: ClassVar[Any] = ""
    """What the admin calls it, if not by its name."""

    batch_size: ClassVar[int] = 1
    """How many notifications to deliver by one call. More than one for a service that takes many at
    once: if the relay dies in the middle of a call, all of them are delivered again."""

    @property
    def wait(self) -> timedelta:
        """The shortest time between notifying and delivering, whoever the recipient is."""
        return timedelta(0)

    def when(self, notification: Notified, recipient: Any) -> timedelta | None:  # noqa: ARG002
        """Return how long to wait, reckoned from `created_at`; None: do not deliver it at all.

        Asked once `wait` is over and, if that is later, again when the answer is over. Not asked
        for what was withdrawn or deleted, nor for people who are not active: they get nothing.
        By default what the recipient has read or archived by then is not delivered.
        """
        dealt_with = notification.read_at or notification.archived_at
        return None if dealt_with else self.wait

    @abstractmethod
    def deliver(self, batch: Sequence[Delivery]) -> Iterable[tuple[Delivery, Exception]] | None:
        """Deliver these, at most `batch_size`; in a thread of its own, within ten minutes.

        Returns:
            Those that failed, each with its error, if any: they are tried again, later each time.

        Raises:
            Exception: All of them are tried again.
        """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = vars(cls).get("name")
        if not name:
            return  # a base of others, or a variant of a medium that has one
        other = _classes.get(name, cls)
        # @dataclass(slots=True) makes a class anew, under the same name.
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise AlreadyRegistered(name, cls, other)
        _classes[name] = cls


_classes: dict[str, type[Medium]] = {}

CLASSES: Mapping[str, type[Medium]] = MappingProxyType(_classes)
"""Every medium that was imported, by its name."""
