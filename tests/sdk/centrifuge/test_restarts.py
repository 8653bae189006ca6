"""Restarts under load: whatever ends the gateway, and whenever, everyone ends up with everything.

A few restarts in the suite; as many as one likes by hand: `RESTARTS=50 pytest <this file>`.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from centrifuge import (
    Client,
    ClientEventHandler,
    ServerPublicationContext,
    ServerSubscribedContext,
)

from tests.gateway_process import running_gateway

from .scene import SETTINGS, Scene, scene_on

RESTARTS = int(os.environ.get("RESTARTS", "4"))
READERS = 8
PATIENCE = 30.0
"""Seconds within which all readers are to be back."""
PACE = 0.005
"""Seconds between publications to everyone."""
LONG_HISTORY = {"name": "inbox", "history_size": 10_000, "history_ttl": "10m"}
CHANNEL = {"namespaces": [LONG_HISTORY | {"force_recovery": True}]}


@dataclass
class World:
    """An application: its log, written before anything is published, and those who read it."""

    scene: Scene
    log: list[int] = field(default_factory=list)
    readers: "list[Reader]" = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def publish(self) -> None:
        """Go on publishing to everyone, whether or not the gateway is there to hear it."""
        channels = [reader.channel for reader in self.readers]
        for number in itertools.count():
            self.log.append(number)
            with suppress(httpx.TransportError):
                await self.scene.api("broadcast", channels=channels, data=number)
            await asyncio.sleep(PACE)

    async def until(self, holds: Callable[["Reader"], bool]) -> None:
        """Wait until something holds of every reader."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: all(map(holds, self.readers)))

    async def until_back(self, interrupt: Callable[[], Awaitable[None]]) -> None:
        """Interrupt everyone, and wait until each has its subscription again."""
        before = {id(reader): len(reader.returns) for reader in self.readers}
        await interrupt()
        await self.until(lambda reader: len(reader.returns) > before[id(reader)])


class Reader(ClientEventHandler):
    """A client as applications write it: it reads the log when told that it missed something."""

    def __init__(self, world: World, user: str) -> None:
        self._world = world
        self.channel = world.scene.name(f"inbox:{user}")
        self.seen: set[int] = set()
        self.returns: list[bool] = []
        """For each time it was subscribed again, whether it got what it had missed."""
        self.client = Client(
            f"ws://127.0.0.1:{world.scene.cable.port}/connection/websocket",
            events=self,
            token=world.scene.token(user, channels=[self.channel]),
            min_reconnect_delay=0.01,
            max_reconnect_delay=0.1,
            proxy=None,
        )

    async def on_subscribed(self, context: ServerSubscribedContext) -> None:
        async with self._world.news:
            self.returns.append(context.recovered)
            if not context.recovered:
                self.seen.update(self._world.log)
            self._world.news.notify_all()

    async def on_publication(self, context: ServerPublicationContext) -> None:
        async with self._world.news:
            number: Any = context.pub.data
            self.seen.add(number)
            self._world.news.notify_all()


@asynccontextmanager
async def busy_world(folder: Path) -> AsyncIterator[World]:
    """Give an application whose readers listen while it publishes."""
    with running_gateway(SETTINGS | {"channel": CHANNEL}, folder) as gateway:
        async with scene_on(gateway) as scene:
            world = World(scene)
            world.readers = [Reader(world, f"user{number}") for number in range(READERS)]
            for reader in world.readers:
                await reader.client.connect()
            publishing = asyncio.create_task(world.publish())
            try:
                yield world
            finally:
                publishing.cancel()
                with suppress(asyncio.CancelledError):
                    await publishing
                for reader in world.readers:
                    await reader.client.disconnect()


@pytest.mark.timeout(60 + 10 * RESTARTS)
async def test_restarts_under_load_lose_nothing(tmp_path: Path) -> None:
    async with busy_world(tmp_path) as world:
        scene, gateway = world.scene, world.scene.gateway

        async def restart_politely() -> None:
            await asyncio.to_thread(gateway.stop)
            await asyncio.to_thread(gateway.start)

        async def cut_the_cable() -> None:
            scene.cable.cut()
            scene.cable.mend()

        await world.until(lambda reader: bool(reader.returns))
        for way in itertools.islice(
            itertools.cycle((restart_politely, scene.crash_gateway)), RESTARTS
        ):
            await world.until_back(way)
            assert {reader.returns[-1] for reader in world.readers} == {False}  # a new epoch
            await world.until_back(cut_the_cable)
            assert {reader.returns[-1] for reader in world.readers} == {True}
        await world.until(lambda reader: reader.seen >= set(world.log))
