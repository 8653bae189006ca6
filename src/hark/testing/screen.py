"""Someone's open screen, as a backend's contract wants it: what it was told, and how it stands."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self
from unittest import SkipTest

from hark import tokens
from hark.backends.base import ConnectInfo


class NotAdmitted(Exception):
    """The backend refused a subscription."""


class Screen(ABC):
    """A client of one person, on the SDK that your users would take.

    Its methods are called by the test; `meet` and `hear` by you, from any thread.

    Args:
        user: Whose it is; whatever has a `pk`.
    """

    seconds = 15.0
    """How long what must come may take to come here."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.heard: list[Any] = []
        """What was published to its channels, oldest first."""
        self.signed_in = True
        self.connected = False
        self.ended = False
        """It was turned away, and will not come back by itself."""
        self.connections = 0
        """How often it came to be connected."""
        self._changed = threading.Condition()

    def open(self) -> Self:
        """Connect, and return once connected."""
        self.connect(tokens.connect_info(self.user.pk))
        self.until(lambda screen: screen.connected)
        return self

    def renew(self) -> ConnectInfo | None:
        """Return what Django answers a client that was turned away; None once signed out."""
        return tokens.connect_info(self.user.pk) if self.signed_in else None

    @abstractmethod
    def connect(self, info: Any) -> None:
        """Begin to connect with what Django gave to somebody.

        Turned away, then or later, ask `renew()` and begin anew, or end if that is None.
        """

    @abstractmethod
    def close(self) -> None:
        """Disconnect for good."""

    @abstractmethod
    def listen(self, channel: str, token: str) -> None:
        """Listen to one more channel, named as Django names it; return once it does.

        Raises:
            NotAdmitted: The token does not allow it.
        """

    def sleep(self) -> None:
        """Be without a network; what was heard last is remembered."""
        raise SkipTest("its clients recover nothing")

    def wake(self) -> None:
        """Come back, and catch up."""
        raise SkipTest("its clients recover nothing")

    def meet(self, *, connected: bool, ended: bool = False) -> None:
        """Note the connection's new state."""

        def change() -> None:
            self.connected, self.ended = connected, ended
            self.connections += connected

        self.notice(change)

    def hear(self, data: Any) -> None:
        """Note what was published."""
        self.notice(lambda: self.heard.append(data))

    def notice(self, change: Callable[[], None]) -> None:
        """Change something, from whatever thread, and let the test know."""
        with self._changed:
            change()
            self._changed.notify_all()

    def until(self, condition: Callable[[Self], Any]) -> None:
        """Wait for it to become true.

        Raises:
            AssertionError: It did not within `seconds`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), self.seconds):
                raise AssertionError(f"not within {self.seconds} seconds: {self.__dict__}")
