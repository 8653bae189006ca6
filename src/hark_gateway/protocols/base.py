"""What a protocol is to the server: the one interface, and what each gets to work with."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from prometheus_client.core import Metric

from hark_gateway.auth import Verifier
from hark_gateway.hub.hub import Hub
from hark_gateway.net.http import Host, Routes
from hark_gateway.options import ServerSections


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the server shares with every protocol."""

    hub: Hub
    """All channels; whatever is published goes through its `publish`."""
    host: Host
    """All connections, the timer wheel, and turns of the event loop for what takes long."""
    server: ServerSections
    """The options that are no protocol's own."""
    verifier: Verifier
    """Checks connection tokens."""
    subscription_verifier: Verifier
    """Checks subscription tokens."""


class Protocol(ABC):
    """One language that clients speak to the hub. `registry` lists all that the gateway speaks.

    It is made once, before the server listens, in the event loop or outside of it.

    Args:
        config: The configuration; of its sections a protocol reads its own.
        context: What it works with.
    """

    sections: ClassVar[type]
    """A dataclass; each of its fields is a section of the configuration that is this protocol's,
    with a dataclass of options that have defaults and a string each."""
    in_centrifugo: ClassVar[bool] = False
    """Centrifugo has the same sections, so that a file made for it has them, too."""

    @classmethod
    def faults(cls, config: Any, address: str) -> list[str]:  # noqa: ARG003 (for those who check)
        """Return what is wrong with its options; each says which option, and what to do.

        Args:
            address: Where the server listens.
        """
        return []

    @classmethod
    def is_enabled(cls, config: Any) -> bool:  # noqa: ARG003 (for those that can be off)
        """Tell whether the gateway is to speak it at all."""
        return True

    @abstractmethod
    def __init__(self, config: Any, context: Context) -> None: ...

    @abstractmethod
    def add_routes(self, routes: Routes) -> None:
        """Take over its paths."""

    def sweep(self, now: float) -> None:  # noqa: B027 (most have nothing to do)
        """Do what has fallen due by `now`, in seconds, or begin to; called ten times a second."""

    async def drain(self, seconds: float) -> None:  # noqa: B027 (most have nothing to do)
        """Send the clients elsewhere: the server stops.

        All protocols do so at the same time, and no new connections are taken meanwhile.

        Args:
            seconds: After so long whoever is still there is cut off; take less.
        """

    def close(self) -> None:  # noqa: B027 (most hold nothing)
        """Let go of files and the like; no client is left."""

    def collect(self) -> Iterable[Metric]:
        """Return its figures for the page of metrics, read when somebody asks."""
        return ()
