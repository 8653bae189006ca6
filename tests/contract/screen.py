"""Someone's open screen, on an official SDK: what it was told, and what it shows of that."""

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from typing import Any, TypeVar

from centrifuge import (
    Client,
    ClientEventHandler,
    SubscriptionEventHandler,
    UnauthorizedError,
)
from django.db import OperationalError, connection

from hark import tokens
from tests.hark.store import Store

T = TypeVar("T")
SECONDS = 15.0
"""How long an event that must come may take before a test fails."""


def patiently(step: Callable[[], T]) -> T:
    """Take a step, again while another thread has a table that SQLite keeps in memory."""
    while True:
        try:
            return step()
        except OperationalError:
            if connection.vendor != "sqlite":
                raise
            time.sleep(0.01)


class NotAdmitted(Exception):
    """The backend refused a subscription."""


class Screen(ABC):
    """A connected client in a thread of its own. Subclasses speak one backend's protocol."""

    seconds = SECONDS
    """How long what must come may take to come here."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.store = Store()
        self.heard: list[Any] = []
        self.signed_in = True
        self.connected = False
        self.ended = False
        self.connections = 0
        self._changed = threading.Condition()

    def open(self) -> None:
        """Connect, and return once connected."""
        self.connect(tokens.connect_info(self.user.pk))
        self.until(lambda screen: screen.connected)

    @abstractmethod
    def connect(self, info: Any) -> None:
        """Begin to connect with what Django gave to somebody."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect for good."""

    @abstractmethod
    def sleep(self) -> None:
        """Be without a network; what was heard last is remembered."""

    @abstractmethod
    def wake(self) -> None:
        """Come back, and catch up."""

    @abstractmethod
    def listen(self, channel: str, token: str) -> None:
        """Subscribe to one more channel.

        Raises:
            NotAdmitted: The token does not allow it.
        """

    def notice(self, change: Callable[[], None]) -> None:
        """Change something from the SDK's thread and let the test know."""
        with self._changed:
            change()
            self._changed.notify_all()

    def meet(self, *, connected: bool, ended: bool = False) -> None:
        """Note the connection's new state."""

        def change() -> None:
            self.connected, self.ended = connected, ended
            self.connections += connected

        self.notice(change)

    def hear(self, push: Any) -> None:
        def change() -> None:
            self.heard.append(push)
            if "modseq" in push:
                self.store.apply(push)

        self.notice(change)

    def until(self, condition: Callable[["Screen"], Any]) -> None:
        """Wait for it to become true."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), self.seconds), self.__dict__

    def shows(self, *titles: str) -> None:
        """Wait until exactly these are shown, newest first."""
        self.until(lambda screen: screen.store.titles == list(titles))


class CentrifugoScreen(Screen):
    """On `centrifuge-python`."""

    def connect(self, info: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self.over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._connect(info))

    def close(self) -> None:
        self._run(self._disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def sleep(self) -> None:
        self._run(self._client.disconnect())

    def wake(self) -> None:
        self._run(self._client.connect())

    def listen(self, channel: str, token: str) -> None:
        self._run(self._subscribe(channel, token))

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS)

    async def _connect(self, info: Any) -> None:
        self._client = Client(
            info.url,
            token=info.token,
            get_token=self._get_token,
            events=_Events(self),
            min_reconnect_delay=0.05,
            max_reconnect_delay=0.2,
            proxy=None,
        )
        await self._client.connect()

    async def _disconnect(self) -> None:
        await self._client.disconnect()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=SECONDS) if others else None

    async def _get_token(self) -> str:
        if not self.signed_in:
            raise UnauthorizedError
        return tokens.connect_info(self.user.pk).token

    async def _subscribe(self, channel: str, token: str) -> None:
        events = _SubscriptionEvents(self)
        await self._client.new_subscription(channel, events, token=token).subscribe()
        # A token for another channel ends the whole connection, and then nobody answers.
        over = asyncio.ensure_future(self.over.wait())
        await asyncio.wait({events.admitted, over}, timeout=SECONDS, return_when=FIRST_COMPLETED)
        over.cancel()
        if not events.admitted.done():
            raise NotAdmitted(channel)
        events.admitted.result()


class _SubscriptionEvents(SubscriptionEventHandler):
    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def on_subscribed(self, ctx: Any) -> None:
        if not self.admitted.done():
            self.admitted.set_result(None)

    async def on_unsubscribed(self, ctx: Any) -> None:
        if not self.admitted.done():
            self.admitted.set_exception(NotAdmitted(ctx.reason))

    async def on_publication(self, ctx: Any) -> None:
        self._screen.hear(ctx.pub.data)


class _Events(ClientEventHandler):
    def __init__(self, screen: CentrifugoScreen) -> None:
        self._screen = screen

    async def on_connected(self, ctx: Any) -> None:
        self._screen.meet(connected=True)

    async def on_connecting(self, ctx: Any) -> None:
        self._screen.meet(connected=False)

    async def on_disconnected(self, ctx: Any) -> None:
        self._screen.meet(connected=False, ended=True)
        self._screen.over.set()

    async def on_publication(self, ctx: Any) -> None:
        self._screen.hear(ctx.pub.data)
