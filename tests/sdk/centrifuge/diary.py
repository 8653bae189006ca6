"""What an SDK's client told its application, in order; a test waits for what it expects."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from centrifuge import Client, ClientEventHandler, Subscription, SubscriptionEventHandler

from .scene import PATIENCE, Scene


@dataclass(frozen=True)
class Entry:
    """One event, by its name without `on_`, and what came with it."""

    event: str
    context: Any


class Diary:
    """Events as they came."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._unread: list[Entry] = []
        self._news = asyncio.Condition()

    async def _note(self, event: str, context: Any) -> None:
        async with self._news:
            self.entries.append(Entry(event, context))
            self._unread.append(self.entries[-1])
            self._news.notify_all()

    async def next(self, event: str) -> Any:
        """Return what came with the next `event`; what came before it counts as read."""

        def has_come() -> bool:
            return any(entry.event == event for entry in self._unread)

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(has_come), PATIENCE)
            except TimeoutError:
                raise AssertionError(f"no {event!r}; there was {self.entries}") from None
            while (entry := self._unread.pop(0)).event != event:
                pass
            return entry.context

    def all(self, event: str) -> list[Any]:
        """Return what came with every `event` so far."""
        return [entry.context for entry in self.entries if entry.event == event]


def data_of(diary: Diary) -> list[Any]:
    """Return the contents of all publications so far."""
    return [context.pub.data for context in diary.all("publication")]


async def until_published(diary: Diary, last: Any) -> list[Any]:
    """Wait for a publication; return the contents of all that came up to it."""
    while (await diary.next("publication")).pub.data != last:
        pass
    return data_of(diary)


def handler(kind: type, diary: Diary) -> Any:
    """Return an event handler of an SDK's class that writes everything into a diary."""

    def writes(event: str) -> Any:
        async def note(_self: Any, context: Any) -> None:
            await diary._note(event, context)

        return note

    events = [name for name in dir(kind) if name.startswith("on_")]
    return type("Writer", (kind,), {name: writes(name[3:]) for name in events})()


class Cast:
    """The clients of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._clients: list[Client] = []

    def client(self, user: str = "ana", **options: Any) -> tuple[Client, Diary]:
        """Return a client that has not connected yet; it has a token for an hour."""
        diary = Diary()
        if "token" not in options and "get_token" not in options:
            options["token"] = self._scene.token(user)
        client = Client(
            f"ws://127.0.0.1:{self._scene.cable.port}/connection/websocket",
            events=handler(ClientEventHandler, diary),
            min_reconnect_delay=0.01,
            max_reconnect_delay=0.1,
            proxy=None,
            **options,
        )
        self._clients.append(client)
        return client, diary

    async def connected(self, user: str = "ana", **options: Any) -> tuple[Client, Diary]:
        """Return a client that is connected."""
        client, diary = self.client(user, **options)
        await client.connect()
        await diary.next("connected")
        return client, diary

    async def leave(self) -> None:
        """Let all clients go."""
        for client in self._clients:
            await client.disconnect()


def subscription(client: Client, channel: str, **options: Any) -> tuple[Subscription, Diary]:
    """Return a subscription that has not been asked for yet."""
    diary = Diary()
    events = handler(SubscriptionEventHandler, diary)
    options = {"min_resubscribe_delay": 0.01, "max_resubscribe_delay": 0.1} | options
    return client.new_subscription(channel, events=events, **options), diary


async def subscribed(client: Client, channel: str, **options: Any) -> tuple[Subscription, Diary]:
    """Return a subscription that has been granted."""
    made, diary = subscription(client, channel, **options)
    await made.subscribe()
    await diary.next("subscribed")
    return made, diary


@asynccontextmanager
async def cast_of(scene: Scene) -> AsyncIterator[Cast]:
    cast = Cast(scene)
    try:
        yield cast
    finally:
        await cast.leave()
