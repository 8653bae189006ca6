"""Screens on the official SDK `centrifuge`, and what a screen shows of an inbox."""

import asyncio
import threading
import time
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

from hark.testing import NotAdmitted, Screen
from tests.hark.store import Store

T = TypeVar("T")


def patiently(step: Callable[[], T]) -> T:
    """Take a step, again while another thread has a table that SQLite keeps in memory."""
    while True:
        try:
            return step()
        except OperationalError:
            if connection.vendor != "sqlite":
                raise
            time.sleep(0.01)


class InboxScreen(Screen):
    """A screen that shows an inbox. Subclasses speak one backend's protocol."""

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        self.store = Store()

    def hear(self, data: Any) -> None:
        def change() -> None:
            self.heard.append(data)
            if {"modseq", "since"} <= data.keys():
                self.store.apply(data)

        self.notice(change)

    def shows(self, *titles: str) -> None:
        """Wait until exactly these are shown, newest first."""
        self.until(lambda screen: screen.store.titles == list(titles))


class CentrifugoScreen(InboxScreen):
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
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(self.seconds)

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
        await asyncio.wait(others, timeout=self.seconds) if others else None

    async def _get_token(self) -> str:
        info = self.renew()
        if info is None:
            raise UnauthorizedError
        return info.token

    async def _subscribe(self, channel: str, token: str) -> None:
        events = _SubscriptionEvents(self)
        await self._client.new_subscription(channel, events, token=token).subscribe()
        # A token for another channel ends the whole connection, and then nobody answers.
        over = asyncio.ensure_future(self.over.wait())
        await asyncio.wait(
            {events.admitted, over}, timeout=self.seconds, return_when=FIRST_COMPLETED
        )
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
