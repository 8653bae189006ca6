"""What a realtime backend does.

It is told by the relay, never by a request. Publishing the same thing twice must do no harm; order
within one channel is kept; nothing is promised to whoever is not connected.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from hark.backends.embedded import NoGateway
from hark.channels import Channel
from hark.exceptions import HarkError

if TYPE_CHECKING:
    from rest_framework.serializers import Serializer


class BackendError(HarkError):
    """Base of what a backend raises; never raised itself."""


class Unavailable(BackendError):
    """It cannot be reached, or not now. The same call may well succeed later."""


class Misconfigured(BackendError):
    """It refuses whatever we send, until somebody corrects a setting."""


class Refused(BackendError):
    """It refuses this one publication and would refuse it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message for one channel.

    `data` is a JSON object, `text` the same as it goes out, and `size` the bytes of UTF-8 that it
    takes. It is written once: its size decides whether it may go out, and a backend can send it as
    it is.
    """

    channel: Channel
    data: Mapping[str, Any]
    ephemeral: bool = False
    """Never kept: for whoever listens at that moment."""
    text: str = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        text = json.dumps(self.data, ensure_ascii=False)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "size", len(text.encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Tokens of a user that are worthless; `channel` is None for all, whatever they open."""

    user_id: str
    channel: Channel | None
    issued_before: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectInfo:
    """What a client needs to connect. Each backend adds its own fields."""

    backend: str
    token: str
    expires_at: datetime
    channels: list[str]


class Backend(ABC):
    """A way to reach open screens.

    Args:
        options: HARK["OPTIONS"].
        timeout: Seconds that any call may take.

    Raises:
        Misconfigured: An option is missing or wrong; the text names it.
    """

    name: ClassVar[str]
    """How clients tell backends apart in the answer of `connect/`."""

    max_bytes: ClassVar[int]
    """What one publication may take as JSON."""

    token_ttl: ClassVar[int] = 600
    """How long a token lives unless HARK["TOKEN_TTL"] says otherwise, in seconds."""

    @abstractmethod
    def __init__(self, options: Mapping[str, Any], *, timeout: float) -> None: ...

    @classmethod
    def gateway_environment(cls, options: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG003
        """Return the variables with which Hark's gateway serves these options.

        Raises:
            NoGateway: Screens connect elsewhere; so they do unless a backend says otherwise.
            Misconfigured: An option is missing or wrong.
        """
        raise NoGateway(f"{cls.__name__} works without Hark's gateway")

    @classmethod
    def connect_serializer(cls) -> "type[Serializer[Any]] | None":
        """Return what describes its answer of `connect/` in the API's schema; None for nothing."""
        return None

    @abstractmethod
    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        """Publish in order and say for each whether it was refused.

        Raises:
            Unavailable: Any number of them, from none to all, went out.
            Misconfigured: None went out.
        """

    @abstractmethod
    def disconnect(self, user_id: str) -> None:
        """Close the user's connections, so that each has to ask Django before it comes back.

        Raises:
            Unavailable, Misconfigured: As for `publish`.
        """

    @abstractmethod
    def unsubscribe(self, user_id: str, channel: Channel) -> None:
        """End the user's subscriptions to a channel, and make worthless what opened them.

        Raises:
            Unavailable, Misconfigured: As for `publish`.
        """

    def restore(self, revocations: Sequence[Revocation]) -> None:  # noqa: B027
        """Tell a server that has just started whose tokens it had been told to refuse.

        Raises:
            Unavailable, Misconfigured: As for `publish`.
        """

    def instance(self) -> str:
        """Return a name that a server has until it stops, with all that it was told to refuse.

        "" if it forgets nothing, or cannot be told again.

        Raises:
            Unavailable, Misconfigured: As for `publish`.
        """
        return ""

    @abstractmethod
    def connect_info(
        self, user_id: str, channels: Sequence[Channel], *, expires_at: datetime
    ) -> ConnectInfo:
        """Return a token that names this user, opens exactly these channels, and nothing more."""

    @abstractmethod
    def subscription(self, user_id: str, channel: Channel, *, expires_at: datetime) -> str:
        """Return a token that lets this user, once connected, listen to one more channel."""

    def unknown(self, namespaces: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Return those of these namespaces whose channels it would refuse; by default it has none.

        Raises:
            Unavailable, Misconfigured: As for `ping`.
        """
        return []

    @abstractmethod
    def close(self) -> None:
        """Let go of its connections."""

    @abstractmethod
    def ping(self) -> str:
        """Ask whether it answers; return a few words about it.

        Raises:
            Unavailable, Misconfigured: It does not.
        """
