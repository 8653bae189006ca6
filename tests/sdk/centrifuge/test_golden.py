"""Conversations recorded from the official SDKs, held again without the SDKs.

What the SDKs said is said again byte for byte, so that it stays known what they say, whatever
version is installed; the gateway must answer as it did.
"""

import asyncio
import json
import re
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from .recording import GOLDEN, anew
from .scene import PATIENCE, Scene, plain_socket

CONVERSATIONS = sorted(GOLDEN.glob("*/*.jsonl"))
NAME = re.compile(r"\{(?:(?:client|epoch) \d+|version)\}")


class Dialogue:
    """A recorded conversation, being held again.

    Args:
        tokens: The claims of each token in it.
    """

    def __init__(self, scene: Scene, stack: AsyncExitStack, tokens: dict[str, Any]) -> None:
        self._scene = scene
        self._stack = stack
        self._sockets: dict[int, Any] = {}
        self._lines: dict[int, list[str]] = {}
        self._meant = {"{mark}": scene.mark}
        """What the names stand for this time."""
        for name, claims in tokens.items():
            self._meant[name] = anew(json.loads(self._now(json.dumps(claims))))

    async def step(self, step: dict[str, Any]) -> None:
        """Do what was done, or wait for what was answered."""
        match step:
            case {"client": client, "says": text}:
                await (await self._socket(client)).send(self._now(text))
            case {"client": client, "hears": expected}:
                self._compare(await self._next_line(client), expected)
            case {"client": client, "closed": [code, reason]}:
                await self._expect_end(client, code, reason)
            case {"client": client, "leaves": True}:
                await (await self._socket(client)).close()
            case {"cut": True}:
                for socket in self._sockets.values():
                    socket.transport.abort()
            case {"api": method, "request": request, "result": result}:
                asked = json.loads(self._now(json.dumps(request)))
                self._compare(await self._scene.api(method, **asked), result)
            case _:
                raise AssertionError(f"what is {step}?")

    def _now(self, text: str) -> str:
        """Return text with the names replaced by what they stand for."""
        for name, meant in self._meant.items():
            text = text.replace(name, meant)
        return text

    async def _socket(self, client: int) -> Any:
        if client not in self._sockets:
            opened = plain_socket(self._scene.gateway)
            self._sockets[client] = await self._stack.enter_async_context(opened)
            self._lines[client] = []
        return self._sockets[client]

    async def _next_line(self, client: int) -> Any:
        if not self._lines[client]:
            async with asyncio.timeout(PATIENCE):
                self._lines[client] = (await self._sockets[client].recv()).split("\n")
        return json.loads(self._lines[client].pop(0))

    async def _expect_end(self, client: int, code: int, reason: str) -> None:
        socket = await self._socket(client)
        with suppress(ConnectionClosed):
            unexpected = await socket.recv()
            raise AssertionError(f"heard {unexpected} instead of the end")
        assert (socket.close_code, socket.close_reason) == (code, reason)

    def _compare(self, found: Any, expected: Any) -> None:
        assert self._match(found, expected), f"heard {found}"

    def _match(self, found: Any, expected: Any) -> bool:
        """Tell whether an answer is as it was; names that are new here learn what they mean."""
        match found, expected:
            case dict(), dict():
                by_key = {self._now(key): value for key, value in expected.items()}
                return found.keys() == by_key.keys() and all(
                    self._match(value, by_key[key]) for key, value in found.items()
                )
            case list(), list():
                return len(found) == len(expected) and all(map(self._match, found, expected))
            case int(), "{ttl}":
                return True
            case str(), str() if NAME.fullmatch(expected):
                return found == self._meant.setdefault(expected, found)
            case str(), str():
                return found == self._now(expected)
        return type(found) is type(expected) and bool(found == expected)


def steps_of(file: Path) -> list[dict[str, Any]]:
    # not by splitlines: messages may hold other separators, such as U+2028
    return [json.loads(line) for line in file.read_text().rstrip("\n").split("\n")]


@pytest.mark.parametrize(
    "file", CONVERSATIONS, ids=lambda file: f"{file.parent.name}: {file.stem.replace('-', ' ')}"
)
async def test_a_recorded_conversation_goes_as_it_went(scene: Scene, file: Path) -> None:
    first, *steps = steps_of(file)
    async with AsyncExitStack() as stack:
        dialogue = Dialogue(scene, stack, first["tokens"])
        for number, step in enumerate(steps, 2):
            try:
                await dialogue.step(step)
            except (AssertionError, ConnectionClosed, TimeoutError) as error:
                raise AssertionError(f"{file.name}, line {number}: {step}: {error!r}") from error


def test_conversations_of_both_sdks_are_kept() -> None:
    assert {file.parent.name for file in CONVERSATIONS} == {"javascript", "python"}
