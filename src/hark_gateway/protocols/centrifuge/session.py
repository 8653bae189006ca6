"""One client's conversation: commands in, replies and pushes out. Holds no socket, reads no clock.

A session begins silent, becomes connected by its first command, and ends by `disconnect` or when
its transport is lost. Its deadlines (stale, ping, pong, expiry) are one: the earliest of them.
"""

import asyncio
import enum
import logging
import random
from collections.abc import Collection

from hark_gateway.hub.errors import HubError
from hark_gateway.hub.stream import Member
from hark_gateway.hub.turns import Steps
from hark_gateway.keys import KeysAwaited

from . import commands
from .codes import (
    CONNECTION_EXPIRED,
    ERRORS,
    INTERNAL,
    MALFORMED,
    NO_PONG,
    SERVER_ERROR,
    SLOW,
    STALE,
    SUBSCRIPTION_EXPIRED,
    SUBSCRIPTION_OVER,
    TOO_MANY,
    UNIDIRECTIONAL,
    Disconnect,
    Disconnected,
    Error,
    Unsubscribe,
)
from .door import Door, Outlet, new_client_id
from .messages import (
    Command,
    ErrorResult,
    Malformed,
    Push,
    Reason,
    Reply,
    decode_command,
    decode_connect_request,
    encode,
)
from .subscription import Subscription
from .wire import WEBSOCKET_NATIVE_PING, Wire

log = logging.getLogger(__name__)

MAX_HELD_BYTES = 131_072


class State(enum.Enum):
    """Where in its life a session is."""

    NEW = enum.auto()
    CONNECTED = enum.auto()
    REFUSED = enum.auto()
    """Connect was answered with an error: the client is expected to go."""
    CLOSED = enum.auto()


class Session:
    """One client of the protocol.

    Args:
        now: The time, in seconds, from which it has `client.stale_close_delay` to connect.
        emulated: The transport carries only what the server says; commands come by other ways.
        unidirectional: There are no commands at all, and no pongs.
        trusted_user: The user whom a proxy in front vouches for.
    """

    __slots__ = (
        "_awaits_pong", "_fetch", "_held", "_next_ping", "client", "door", "expires", "info",
        "outlet", "secret", "state", "subscriptions", "token_channels", "trusted_user",
        "unidirectional", "user", "wire",
    )  # fmt: skip

    def __init__(
        self,
        door: Door,
        outlet: Outlet,
        wire: Wire,
        *,
        now: float,
        emulated: bool = False,
        unidirectional: bool = False,
        trusted_user: str = "",
    ) -> None:
        self.door = door
        self.outlet = outlet
        self.wire = wire
        self.unidirectional = unidirectional
        self.state = State.NEW
        self.client = ""
        self.secret = ""
        """What an emulated client shows with each command."""
        self.user = ""
        self.trusted_user = trusted_user
        self.token_channels: Collection[str] = ()
        self.info = b""
        self.expires: float | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self._awaits_pong = False
        self._next_ping = 0.0
        self._fetch: asyncio.Future[None] | None = None
        self._held: tuple[bytes, ...] = ()
        """What came while keys were being fetched."""
        if emulated or unidirectional:
            self.secret = new_client_id()
        if emulated:
            door.emulated[self.secret] = self
        outlet.wake_at(now + door.options.stale_close_delay)

    # What comes in

    def receive(self, message: bytes, *, now: float) -> Steps[None] | None:
        """Carry out the commands in one message, which line feeds separate, in order.

        Returns:
            What is left to do, if it is more than one short command.
        """
        if self.unidirectional:
            self._receive_request(message, now)
            return None
        if message.endswith(b"\n"):
            message = message[:-1]
        if b"\n" in message:
            return self._receive_lines(message.split(b"\n"), now)
        return self._receive_line(message, now)

    def _receive_lines(self, lines: list[bytes], now: float) -> Steps[None]:
        for number, line in enumerate(lines):
            if self._fetch is not None:
                self._hold(lines[number:])
                return
            if (more := self._receive_line(line, now)) is not None:
                yield from more
            yield

    def _receive_request(self, message: bytes, now: float) -> None:
        """Take the request that is all an unidirectional client ever says."""
        if self.state is not State.NEW:
            return
        try:
            message.decode()
            request = decode_connect_request(message)
        except Malformed:
            self.disconnect(MALFORMED)
        else:
            if (more := self._try(Command(1, request), message, now)) is not None:
                self.door.turns.run(more)

    def _try(self, command: Command, line: bytes, now: float) -> Steps[None] | None:
        """Run a command, or keep it until the keys that it needs have come."""
        try:
            return self._run(command, now)
        except KeysAwaited as wait:
            self._fetch = wait.fetch
            wait.fetch.add_done_callback(lambda _: self.outlet.wake_at(now))
            self._hold([line])
            return None

    def _hold(self, lines: list[bytes]) -> None:
        self._held += tuple(lines)
        if sum(map(len, self._held)) > MAX_HELD_BYTES:
            self.disconnect(TOO_MANY)

    def _receive_line(self, line: bytes, now: float) -> Steps[None] | None:
        if self.state in (State.CLOSED, State.REFUSED):
            return None
        if self._fetch is not None:
            self._hold([line])
            return None
        if line == b"{}":
            self._note_pong()
            return None
        try:
            if not line.isascii():
                line.decode()  # payloads are passed on unread, so this is the place to look
            command = decode_command(line)
        except Malformed:
            self.disconnect(MALFORMED)
            return None
        return self._try(command, line, now)

    def _run(self, command: Command, now: float) -> Steps[None] | None:
        """Answer one command, at once or in the steps that are returned."""
        name, request = commands.chosen(command)
        self.door.counts.commands[name] += 1
        number = command.id or 0
        try:
            steps = commands.run(self, name, request, number, now)
        except KeysAwaited:
            raise
        except Exception as error:
            self._fail(name, number, error, now)
            return None
        return None if steps is None else self._go_on(name, number, steps, now)

    def _go_on(self, name: str, number: int, steps: Steps[None], now: float) -> Steps[None]:
        try:
            while self.state is not State.CLOSED:
                next(steps)
                yield
        except StopIteration:
            return
        except Exception as error:
            self._fail(name, number, error, now)

    def _fail(self, name: str, number: int, error: Exception, now: float) -> None:
        """Answer a command that failed. A fault of ours shows nothing of itself."""
        match error:
            case Disconnected():
                if error.cause:
                    self.door.refusals.add(error.cause, now=now)
                self.disconnect(error.disconnect)
            case HubError():
                self.door.note(name, error, now=now)
                self.refuse(number, ERRORS[type(error)])
                if name == "connect":
                    self.state = State.REFUSED
            case _:
                about = {"client": self.client, "command": name}
                log.error("command failed", exc_info=error, extra=about)
                if name == "connect":
                    self.disconnect(SERVER_ERROR)
                else:
                    self.refuse(number, INTERNAL)

    def _note_pong(self) -> None:
        """Note the answer to a ping; an answer that nobody asked for is an error."""
        if not self._awaits_pong:
            self.disconnect(MALFORMED)
            return
        self._awaits_pong = False
        self.schedule()

    def pong(self) -> None:
        """Take a WebSocket's own pong; unasked ones are allowed (RFC 6455, 5.5.3)."""
        if self.wire is WEBSOCKET_NATIVE_PING and self._awaits_pong:
            self._note_pong()

    def overflow(self) -> None:
        """End the connection of a client that leaves too much unread."""
        self.disconnect(SLOW)

    def lost(self) -> None:
        """Clean up after a transport that is gone."""
        if self.state is not State.CLOSED:
            self._leave(is_gone=True)

    # What goes out

    def reply(self, reply: Reply) -> None:
        """Send the answer to a command."""
        self.outlet.send(self.wire.frame(encode(reply)))

    def refuse(self, number: int, error: Error) -> None:
        """Send an error as the answer to a command."""
        self.door.counts.errors[error.code] += 1
        if self.unidirectional:
            self.disconnect(UNIDIRECTIONAL.get(error.code, SERVER_ERROR))
            return
        self.reply(Reply(number, ErrorResult(error.code, error.message, error.temporary)))

    def push(self, push: Push) -> None:
        """Send what nobody asked for."""
        self.outlet.send(self.wire.push(push))

    def unsubscribe(self, channel: str, why: Unsubscribe) -> None:
        """End a subscription, and tell the client."""
        self.drop_subscription(channel)
        self.door.counts.unsubscribes[why.code] += 1
        self.push(Push(channel, unsubscribe=Reason(why.code, why.reason)))

    def disconnect(self, why: Disconnect) -> None:
        """End the connection, and tell the client why."""
        if self.state is State.CLOSED:
            return
        self._leave()
        self.door.counts.disconnects[why.code] += 1
        self.outlet.close(why.code, why.reason)

    # Its life

    def begin(self, *, now: float) -> None:
        """Be connected: start pinging, at a moment of its own."""
        interval = self.door.options.ping_interval
        self.state = State.CONNECTED
        self._next_ping = now + interval * random.uniform(0.5, 1)  # noqa: S311
        self.door.clients.add(self)
        self.door.counts.connected += 1
        self.schedule()

    def as_member(self, info: bytes = b"") -> Member:
        """Return the client as others see it; `info` is for one channel."""
        return Member(self.client, self.user, self.info, info)

    def drop_subscription(self, channel: str, *, is_gone: bool = False) -> None:
        """End a subscription, if there is one, without telling the client, who may be gone."""
        subscription = self.subscriptions.pop(channel, None)
        if subscription is not None:
            hub = self.door.hub
            hub.unsubscribe(subscription, subscription.channel, is_gone=is_gone)

    def schedule(self) -> None:
        """Ask to be woken at the earliest deadline."""
        options = self.door.options
        due = self._next_ping
        if self._awaits_pong:
            due = due - options.ping_interval + options.pong_timeout
        if self.expires is not None:
            due = min(due, self.expires + options.expired_close_delay)
        for subscription in self.subscriptions.values():
            if subscription.expires is not None:
                due = min(due, subscription.expires + options.expired_sub_close_delay)
        self.outlet.wake_at(due)

    def tick(self, now: float) -> None:
        """Do what is due at `now`."""
        if self._fetch is not None and self._fetch.done():
            self._resume(now)
            return
        if self.state is not State.CONNECTED:
            self.disconnect(STALE)
            return
        options = self.door.options
        if self.expires is not None and self.expires + options.expired_close_delay <= now:
            self.disconnect(CONNECTION_EXPIRED)
            return
        if self._awaits_pong:
            if self._next_ping - options.ping_interval + options.pong_timeout <= now:
                self.disconnect(NO_PONG)
                return
        elif self._next_ping <= now:
            self._ping(now)
        self._end_expired_subscriptions(now)
        if self.state is State.CONNECTED:  # ending one may have ended all
            self.schedule()

    def _resume(self, now: float) -> None:
        """Go on where the keys were missing."""
        lines, self._held, self._fetch = self._held, (), None
        if self.unidirectional:
            self._receive_request(lines[0], now)
        else:
            self.door.turns.run(self._receive_lines(list(lines), now))
        if self.state is State.CONNECTED:
            self.schedule()
        elif self.state is not State.CLOSED:
            self.outlet.wake_at(now + self.door.options.stale_close_delay)

    def _ping(self, now: float) -> None:
        self._next_ping = now + self.door.options.ping_interval
        self._awaits_pong = not self.unidirectional
        self.outlet.send(self.wire.ping)

    def _end_expired_subscriptions(self, now: float) -> None:
        latest = now - self.door.options.expired_sub_close_delay
        for channel, subscription in tuple(self.subscriptions.items()):
            if subscription.expires is None or subscription.expires > latest:
                continue
            if subscription.on_server:
                self.disconnect(SUBSCRIPTION_EXPIRED)
                return
            self.unsubscribe(channel, SUBSCRIPTION_OVER)

    def _leave(self, *, is_gone: bool = False) -> None:
        self.state = State.CLOSED
        for channel in tuple(self.subscriptions):
            self.drop_subscription(channel, is_gone=is_gone)
        self.door.clients.remove(self)
        self.door.emulated.pop(self.secret, None)
