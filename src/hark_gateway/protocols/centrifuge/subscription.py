"""One client's subscription to one channel."""

from typing import TYPE_CHECKING

from hark_gateway.hub.channel import Channel, Sink
from hark_gateway.hub.stream import Member

from .codes import INSUFFICIENT_STATE, STATE_LOST
from .wire import Wire

if TYPE_CHECKING:
    from .session import Session


class Subscription:
    """What the hub tells of a channel, passed on to the session that subscribed."""

    __slots__ = (
        "channel", "expires", "hears_members", "info", "member", "on_server", "positioned",
        "session",
    )  # fmt: skip

    channel: Channel
    """Set as soon as the hub has it."""

    def __init__(
        self, session: "Session", info: bytes, *, on_server: bool, hears_members: bool
    ) -> None:
        self.session = session
        self.info = info
        self.on_server = on_server
        """The server decided on it, so the client cannot subscribe or unsubscribe."""
        self.expires: float | None = None
        self.member: Member | None = None
        self.hears_members = hears_members
        self.positioned = False

    @property
    def wire(self) -> Wire:
        """What the client understands."""
        return self.session.wire

    def sink(self) -> Sink:
        """Return where to write publications."""
        return self.session.outlet.sink()

    def interrupted(self, channel: Channel) -> None:
        """Make the client take a new position, if it has one.

        Within one process this is the whole of what Centrifugo calls the position check: what the
        hub delivers has no holes, so a position is lost only when the stream begins again.
        """
        if not self.positioned:
            return
        if self.on_server:
            self.session.disconnect(INSUFFICIENT_STATE)
        else:
            self.session.unsubscribe(channel.name, STATE_LOST)
