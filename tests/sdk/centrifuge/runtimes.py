"""The two places where the JavaScript SDK runs: Node, and a real Chromium."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, async_playwright

from .backstage import FILES

FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"]


class Node:
    """One process of Node, which plays any number of scenarios at once."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    async def names(self) -> list[str]:
        names: list[str] = await self._ask(names=True)
        return names

    async def play(self, stage: Mapping[str, Any]) -> str | None:
        problem: str | None = await self._ask(stage=stage)
        return problem

    async def _ask(self, **question: Any) -> Any:
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"number": number, **question}).encode() + b"\n")
        return await self._answers[number]

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            answer = json.loads(line)
            self._answers[answer["number"]].set_result(answer["answer"])
        for unanswered in self._answers.values():
            if not unanswered.done():
                unanswered.set_exception(ChildProcessError("Node has ended; see its output above"))

    async def end(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reader


@asynccontextmanager
async def node() -> AsyncIterator[Node]:
    """Run Node."""
    process = await asyncio.create_subprocess_exec(
        "node", str(FILES / "node.mjs"), stdin=PIPE, stdout=PIPE
    )
    running = Node(process)
    try:
        yield running
    finally:
        await running.end()


class Chromium:
    """One page of a browser, which plays any number of scenarios at once."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def names(self) -> list[str]:
        names: list[str] = await self._page.evaluate("() => names()")
        return names

    async def play(self, stage: Mapping[str, Any]) -> str | None:
        problem: str | None = await self._page.evaluate("(stage) => play(stage)", dict(stage))
        return problem


@asynccontextmanager
async def chromium(backstage_url: str) -> AsyncIterator[Chromium]:
    """Run a browser: Debian's Chromium where there is one, else the one Playwright downloaded."""
    async with async_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = await browser.new_page()
        await page.goto(f"{backstage_url}/files/page.html")
        await page.wait_for_function("() => window.play && window.names")
        yield Chromium(page)
        await browser.close()
