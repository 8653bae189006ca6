"""A device: its line to the server, the questions that the screen needs asked, its owner."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from centrifuge import UnauthorizedError

from tests.chaos.line import LINES, LONGEST_PAUSE, Hearer, Line
from tests.chaos.screen import Screen
from tests.chaos.server import Failed, Gone, Person, Server

GRACE = 0.25
"""Seconds that a gap may stay before it is asked about, as in web/src/inbox/inbox.ts."""
POLL = 20.0
"""Seconds between questions while nothing can be heard."""


class Device(Hearer):
    """One of someone's devices.

    Args:
        steady: Whether it stays on from beginning to end.
    """

    def __init__(self, person: Person, server: Server, *, steady: bool) -> None:
        self.person = person
        self.steady = steady
        self.screen = Screen()
        self.screens = [self.screen]
        self.restarts = 0
        """How often the server could not say what had changed."""
        self.behind = 0
        """Pushes that came after a newer one on the same connection."""
        self.ready = asyncio.Event()
        """Whether it has ever shown the inbox and listened."""
        self._server = server
        self._line: Line | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._pushed = 0

    @property
    def on(self) -> bool:
        return bool(self._tasks)

    def turn_on(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]

    async def turn_off(self) -> None:
        """Stop at once; what was shown is still there when it is turned on again."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._line is not None:
            await self._line.close()
            self._line = None
        self.screen.doubt()

    def reload(self) -> None:
        """Forget everything, as a page does that is loaded anew."""
        self.screen = Screen()
        self.screens.append(self.screen)

    async def touch(self, rng: random.Random) -> None:
        """Have the owner do something to what is shown."""
        listed = self.screen.listed()
        if not listed:
            return
        item = rng.choice(listed)
        act: dict[str, Callable[[], Any]] = {
            "read": lambda: self._server.mark(item["id"], "read"),
            "unread": lambda: self._server.mark(item["id"], "unread"),
            "archive": lambda: self._server.mark(item["id"], "archive"),
            "delete": lambda: self._server.delete(item["id"]),
            "read-all": lambda: self._server.read_all(item["id"]),
        }
        name = rng.choices(list(act), weights=[8, 2, 1, 1, 1])[0]
        with suppress(Failed):  # the owner sees it undone, unless the server says otherwise later
            answer = await act[name]()
            self.screen.did(answer["modseq"] if answer else None)
            self._news.set()

    async def _listen(self) -> None:
        """Connect, and connect anew whenever the line is given up."""
        failures = 0
        while True:
            try:
                info = await self._server.connect()
            except Failed:
                await asyncio.sleep(pause(failures))
                failures += 1
                continue
            self._line = LINES[info["backend"]](info, self)
            began = time.monotonic()
            await self._line.hold()
            await self._line.close()
            # One that did not hold is not tried again at once.
            failures = 0 if time.monotonic() - began > LONGEST_PAUSE else failures + 1
            await asyncio.sleep(pause(failures) if failures else 0)

    async def token(self) -> str:
        try:
            token: str = (await self._server.connect())["token"]
        except Failed as error:
            if "401" in str(error):
                raise UnauthorizedError from error
            raise
        return token

    def connected(self) -> None:
        self._pushed = 0
        self.screen.doubt()
        self._news.set()

    def heard(self, push: dict[str, Any]) -> None:
        self.behind += push["modseq"] < self._pushed
        self._pushed = max(self._pushed, push["modseq"])
        self.screen.hear(push)
        self._news.set()

    async def _follow(self) -> None:
        """Ask for what was missed, whenever something may have been."""
        failures = 0
        while True:
            try:
                await self._ask_if_needed()
                failures = 0
            except Failed:
                await asyncio.sleep(pause(failures))
                failures += 1
                continue
            if self._is_connected():
                self.ready.set()
            await self._wait()

    async def _ask_if_needed(self) -> None:
        screen = self.screen
        while not screen.begun or screen.doubted() or screen.has_gap():
            if screen.begun and not screen.doubted():
                await asyncio.sleep(GRACE)  # late pushes close a gap by themselves
                if not screen.doubted() and not screen.has_gap():
                    return
            await self._ask(screen)

    async def _ask(self, screen: Screen) -> None:
        asked = screen.doubts
        if not screen.begun:
            await self._begin(screen, asked)
            return
        try:
            screen.catch_up(await self._server.changes(screen.held), asked=asked)
        except Gone:
            self.restarts += 1
            await self._begin(screen, asked)

    async def _begin(self, screen: Screen, asked: int) -> None:
        first = page = await self._server.page(None)
        older = []
        while page["next"]:
            page = await self._server.page(page["next"])
            older += page["results"]
        screen.begin(first, older, asked=asked)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), POLL)
        except TimeoutError:
            if not self._is_connected():
                self.screen.doubt()
        self._news.clear()

    def _is_connected(self) -> bool:
        return self._line is not None and self._line.is_connected


def pause(failures: int) -> float:
    """Return how long to wait after so many failures before one more."""
    return random.uniform(0.5, 1) * min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 8))
