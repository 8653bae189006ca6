"""What a hostile client tries against a gateway on which others use the official SDK."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from .diary import Cast, subscribed, until_published
from .scene import Scene, plain_socket

MIB = 1_048_576


class Intruder:
    """A WebSocket on which anything may be said."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def say(self, *lines: str | bytes | dict[str, Any]) -> None:
        """Send lines in one message."""
        text = [json.dumps(each) if isinstance(each, dict) else each for each in lines]
        raw = [each.encode() if isinstance(each, str) else each for each in text]
        await self._socket.send(b"\n".join(raw), text=True)

    async def ask(self, command: dict[str, Any] | bytes) -> dict[str, Any]:
        """Send a command and return the very next message, which must be its reply."""
        if isinstance(command, dict):
            await self.say({"id": 7} | command)
        else:
            await self.say(b'{"id":7,%b}' % command)
        answer: dict[str, Any] = json.loads(await self._socket.recv())
        assert answer.get("id") == 7, answer
        return answer

    async def closed(self) -> int:
        """Read on until the gateway closes; return its code."""
        with suppress(ConnectionClosed):
            async for _ in self._socket:
                pass
        return int(self._socket.close_code)


@asynccontextmanager
async def intruder(scene: Scene, user: str = "mallory") -> AsyncIterator[Intruder]:
    """A user of one's own application, connected, who means harm."""
    async with plain_socket(scene.gateway) as socket:
        await socket.send(json.dumps({"id": 1, "connect": {"token": scene.token(user)}}))
        assert "connect" in json.loads(await socket.recv())
        yield Intruder(socket)


def memory(scene: Scene) -> int:
    """Return how many bytes the gateway takes."""
    process = scene.gateway.service.process
    assert process is not None
    return int(psutil.Process(process.pid).memory_info().rss)


# What is another's


async def test_nothing_opens_the_inbox_of_another(scene: Scene, cast: Cast) -> None:
    inbox = scene.name("inbox:bo")
    _, diary = await cast.connected(token=scene.token("bo", channels=[inbox]))
    await scene.publish(inbox, "first")
    since = {"recover": True, "offset": 0, "epoch": ""}
    tried = [
        {"subscribe": {"channel": inbox}},
        {"subscribe": {"channel": inbox, **since}},
        {"subscribe": {"channel": inbox, "positioned": True, "join_leave": True, "flag": 3}},
        {"subscribe": {"channel": f"${inbox}"}},
        {"subscribe": {"channel": f"{inbox}#{scene.name('mallory')}"}},
        {"history": {"channel": inbox, "limit": -1}},
        {"publish": {"channel": inbox, "data": "a lie"}},
        {"sub_refresh": {"channel": inbox, "token": scene.subscription_token(inbox, "mallory")}},
    ]
    async with intruder(scene) as mallory:
        for command in tried:
            answer = await mallory.ask(command)
            assert answer["error"]["code"] == 103, (command, answer)
        for command in ({"presence": {"channel": inbox}}, {"presence_stats": {"channel": inbox}}):
            assert (await mallory.ask(command))["error"]["code"] == 108
        assert "unsubscribe" in await mallory.ask({"unsubscribe": {"channel": inbox}})
        await scene.publish(inbox, "second")
        await mallory.ask({"rpc": {"method": "marker"}})  # fails if a push came before
    assert await until_published(diary, "second") == ["first", "second"]


async def test_a_channel_asked_for_on_connecting_must_be_open_too(scene: Scene) -> None:
    inbox, chat = scene.name("inbox:bo"), scene.name("chat:tea")
    await scene.publish(inbox, "for bo")
    subs = {channel: {"recover": True, "offset": 0} for channel in (inbox, chat)}
    async with plain_socket(scene.gateway) as socket:
        token = scene.token("mallory")
        await socket.send(json.dumps({"id": 1, "connect": {"token": token, "subs": subs}}))
        assert list(json.loads(await socket.recv())["connect"]["subs"]) == [chat]


@pytest.mark.parametrize("of", ["ana", "mallory"])
async def test_a_subscription_token_opens_nothing_but_its_channel_to_its_user(
    scene: Scene, of: str
) -> None:
    vault, other = scene.name("vault:tea"), scene.name("vault:coffee")
    token = scene.subscription_token(vault if of == "ana" else other, of)
    async with intruder(scene) as mallory:
        await mallory.say({"id": 2, "subscribe": {"channel": vault, "token": token}})
        assert await mallory.closed() == 3500


async def test_nobody_speaks_for_another_by_the_id_that_presence_shows(scene: Scene) -> None:
    chat = scene.name("chat:tea")
    async with streaming(scene, "ana") as (connect, lines):
        own = {"session": connect["session"], "node": connect["node"]}
        hello = {"id": 2, "subscribe": {"channel": chat}}
        await scene.http.post("/emulation", json=own | {"data": json.dumps(hello)})
        assert "subscribe" in json.loads(await anext(lines))
        shown = await scene.api("presence", channel=chat)
        assert list(shown["presence"]) == [connect["client"]]
        assert connect["session"] not in json.dumps(shown)
        for guess in (connect["client"], "", scene.name("ana"), "*"):
            said = {"id": 3, "publish": {"channel": chat, "data": "in ana's name"}}
            forged = {"session": guess, "node": connect["node"], "data": json.dumps(said)}
            assert (await scene.http.post("/emulation", json=forged)).status_code == 204
        await scene.publish(chat, "marker")
        pushed = [json.loads(await anext(lines))["push"] for _ in range(2)]  # her join, the marker
        assert [push.get("pub", {}).get("data") for push in pushed] == [None, "marker"]


@asynccontextmanager
async def streaming(
    scene: Scene, user: str
) -> AsyncIterator[tuple[dict[str, Any], AsyncIterator[str]]]:
    """Connect over HTTP streaming; gives the reply to connect, and the lines after it."""
    command = json.dumps({"id": 1, "connect": {"token": scene.token(user)}})
    async with scene.http.stream("POST", "/connection/http_stream", content=command) as answer:
        lines = answer.aiter_lines()
        yield json.loads(await anext(lines))["connect"], lines


# Poison for those who listen

NOT_JSON = [
    b'"\x01"', b'"\\q"', b"01", b"1.", b".5", b"+1", b"-", b"1e", b"NaN", b"Infinity", b"[1,]",
    b'{"a":1,}', b"{a:1}", b"{'a':1}", b'"\\u12"', b"[1 2]", b'"\t"', b"/**/1", b"0x10", b"[]]",
    b"tru", b"\xef\xbb\xbf1", b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b"[" * 60_000,
    b"[" * 5_000 + b"]" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("poison", NOT_JSON, ids=lambda poison: repr(poison[:10]))
async def test_what_is_not_quite_json_reaches_nobody(
    scene: Scene, cast: Cast, poison: bytes
) -> None:
    feed = scene.name("feed:tea")
    client, _ = await cast.connected()
    _, posts = await subscribed(client, feed)
    async with intruder(scene) as mallory:
        await mallory.say(
            b'{"id":2,"publish":{"channel":"%b","data":%b}}' % (feed.encode(), poison)
        )
        assert await mallory.closed() in (3501, 1007)
    await scene.publish(feed, "marker")
    assert await until_published(posts, "marker") == ["marker"]


async def test_whatever_nesting_passes_can_be_read_by_those_who_listen(
    scene: Scene, cast: Cast
) -> None:
    feed = scene.name("feed:tea")
    client, diary = await cast.connected()
    _, posts = await subscribed(client, feed)
    for depth in (*range(100, 900, 200), *range(900, 1000, 5)):
        nested = b"[" * depth + b"]" * depth
        async with intruder(scene) as mallory:
            with suppress(ConnectionClosed):  # it was too deep
                await mallory.ask(b'"publish":{"channel":"%b","data":%b}' % (feed.encode(), nested))
    await scene.publish(feed, "marker")
    assert "marker" in await until_published(posts, "marker")
    assert diary.all("disconnected") == []


# What costs memory


@asynccontextmanager
async def raw_socket(
    scene: Scene,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a TCP connection to the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.gateway.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def post(path: str, length: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: gateway", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_call_without_the_key_is_refused_before_its_body_is_kept(scene: Scene) -> None:
    before = memory(scene)
    async with AsyncExitStack() as stack:
        for _ in range(8):
            reader, writer = await stack.enter_async_context(raw_socket(scene))
            with suppress(OSError):
                writer.write(post("/api/publish", 15 * MIB) + b" " * (14 * MIB))
                await asyncio.wait_for(writer.drain(), 5)
            assert (await reader.readline()).split()[1] == b"401"
        assert memory(scene) - before < 30 * MIB


async def test_requests_that_wait_behind_a_stream_are_bounded_in_bytes(scene: Scene) -> None:
    before = memory(scene)
    connect = json.dumps({"id": 1, "connect": {"token": scene.token("mallory")}})
    async with AsyncExitStack() as stack:
        for _ in range(4):
            reader, writer = await stack.enter_async_context(raw_socket(scene))
            writer.write(post("/connection/http_stream", len(connect)) + connect.encode())
            await reader.readuntil(b'"connect"')
            with suppress(OSError, TimeoutError):
                for _ in range(12):
                    writer.write(post("/api/publish", 4 * MIB) + b" " * (4 * MIB))
                    await asyncio.wait_for(writer.drain(), 5)
        assert memory(scene) - before < 40 * MIB


async def test_empty_fragments_cost_nothing(scene: Scene) -> None:
    before = memory(scene)
    empty, masked = b"\x00\x80", b"mask"
    async with raw_socket(scene) as (reader, writer):
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x01\x80mask")  # a message begins
        for _ in range(16):
            writer.write((empty + masked) * 65_536)
            await writer.drain()
        writer.write(b"\x89\x80mask")  # a ping, so that all before it has been read
        assert await reader.readexactly(2) == b"\x8a\x00"
        assert memory(scene) - before < 4 * MIB


HANDSHAKE = (
    b"GET /connection/websocket HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
