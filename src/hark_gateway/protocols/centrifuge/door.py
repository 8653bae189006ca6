"""What all sessions share."""

import logging
import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hark_gateway import __version__
from hark_gateway.auth import Verifier
from hark_gateway.hub.channel import Sink
from hark_gateway.hub.errors import (
    HubError,
    InvalidToken,
    LimitExceeded,
    NotPermitted,
    TokenExpired,
    UnknownChannel,
)
from hark_gateway.hub.hub import Hub
from hark_gateway.hub.turns import Turns
from hark_gateway.keys import KeysUnavailable
from hark_gateway.options import ClientOptions
from hark_gateway.refusals import Refusals

from .clients import Clients

if TYPE_CHECKING:
    from .session import Session

TOLD = (InvalidToken, TokenExpired, UnknownChannel, NotPermitted, LimitExceeded, KeysUnavailable)
"""What an operator may have to act on."""


class Outlet(Protocol):
    """Where a session's bytes go: one client, over one transport."""

    def send(self, data: bytes, /) -> None:
        """Send bytes made by the session's wire, without waiting."""

    def sink(self) -> Sink:
        """Send what waits, and return what takes bytes that go to many clients."""

    def close(self, code: int, reason: str) -> None:
        """Tell the client why, in the transport's way, and end the connection."""

    def wake_at(self, at: float) -> None:
        """Have the session's `tick` called at `at`, in seconds, and not when asked before."""


@dataclass(slots=True)
class Counts:
    """What has happened to clients, for the metrics."""

    connected: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    disconnects: Counter[int] = field(default_factory=Counter)
    unsubscribes: Counter[int] = field(default_factory=Counter)
    recoveries: Counter[bool] = field(default_factory=Counter)


class Door:
    """The hub as clients of this protocol reach it.

    Args:
        verifier: Checks connection tokens.
        subscription_verifier: Checks subscription tokens.
        turns: Share the event loop among long commands.
    """

    def __init__(
        self,
        hub: Hub,
        options: ClientOptions,
        verifier: Verifier,
        subscription_verifier: Verifier,
        turns: Turns,
    ) -> None:
        self.hub = hub
        self.options = options
        self.verifier = verifier
        self.subscription_verifier = subscription_verifier
        self.turns = turns
        self.clients = Clients()
        self.emulated: dict[str, Session] = {}
        """Sessions whose commands come by requests of their own, by their secret."""
        self.counts = Counts()
        self.refusals = Refusals("client refused")
        self.version = f"hark {__version__}"
        self.node = str(uuid.uuid4())

    def note(self, command: str, refusal: HubError, *, now: float) -> None:
        """Have the log tell of a refusal, unless it is a mistake of the client's own."""
        if isinstance(refusal, TOLD):
            is_ordinary = isinstance(refusal, TokenExpired)  # clients ask for another, and go on
            level = logging.INFO if is_ordinary else logging.WARNING
            self.refusals.add(f"{command}, {refusal}", level=level, now=now)


def new_client_id() -> str:
    """Return a random UUID (RFC 9562, 5.4), faster than uuid.uuid4."""
    value = secrets.randbits(128) & ~(0xF << 76 | 0x3 << 62) | 4 << 76 | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
