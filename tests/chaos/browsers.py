"""Some of the people look through the front end's own store and JavaScript SDK: browsers.mjs."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from social.development import ROOT
from tests.chaos.screen import Display, comment_of
from tests.chaos.server import Person
from tests.chaos.verdict import Seen

COMMAND = ("node", "--experimental-websocket", "--no-warnings")
LINE = 64 * 1024 * 1024
"""Bytes that an answer may take."""


class Browsers:
    """One Node process that shows many people's inboxes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def ready(self) -> None:
        """Return once all of them show their inbox and listen."""
        await self._answer()

    async def seen(self) -> list[Seen]:
        """Return what every browser showed, and shows."""
        return [
            Seen(
                person=each["person"],
                displays=[displays(each["displays"])],
                toasts=displays(each["toasts"]),
                listed=each["listed"],
                unread=each["unread"],
                steady=True,
            )
            for each in await self._ask()
        ]

    def tell(self, message: Any) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _ask(self) -> Any:
        async with self._turn:
            self.tell("report")
            return await self._answer()

    async def _answer(self) -> Any:
        assert self._process.stdout is not None
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the browsers' process has ended; it said why above")
        return json.loads(answer)


@asynccontextmanager
async def opened(url: str, people: Sequence[Person]) -> AsyncIterator[Browsers]:
    """Open a browser for each of these people; closed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        str(Path(__file__).with_name("browsers.mjs")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
    )
    try:
        browsers = Browsers(process)
        known = [{"id": person.id, "token": person.token} for person in people]
        browsers.tell({"web": str(ROOT / "web"), "url": url, "people": known})
        yield browsers
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def displays(told: Sequence[dict[str, Any]]) -> list[Display]:
    return [Display(each["at"], each["id"], comment_of(each)) for each in told]
