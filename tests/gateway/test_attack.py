"""Clients that mean harm, or do it: each costs itself its connection, and nobody else anything."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from hark_gateway.hub.hub import Hub
from hark_gateway.hub.options import ChannelRules, NamespaceOptions, Namespaces
from hark_gateway.server import Gateway, call_soon
from tests import leash

from .scene import (
    KEY,
    SECRET,
    Backend,
    Client,
    backend,
    client,
    connected,
    door_of,
    emptied,
    running,
    token,
)

NEWS = {
    "name": "news",
    "history_size": 100,
    "history_ttl": "10m",
    "force_recovery": True,
    "allow_subscribe_for_client": True,
}
SMALL_QUEUES = {"client": {"queue_max_size": 65_536}}


@asynccontextmanager
async def deaf(gateway: Gateway, channel: str) -> AsyncIterator[socket.socket]:
    """Connect and subscribe on a socket with a small buffer, and then never read again."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", gateway.port))
    url = f"ws://127.0.0.1:{gateway.port}/connection/websocket"
    from websockets.asyncio.client import connect

    async with connect(url, sock=sock, max_queue=1) as opened:
        speaking = Client(opened)
        await speaking.ask("connect", token=token("deaf", channels=[channel]))
        opened.transport.pause_reading()
        yield sock
        opened.transport.abort()


async def test_a_client_that_does_not_read_is_closed_and_the_others_hear_all() -> None:
    async with (
        running(channel={"namespaces": [NEWS]}, **SMALL_QUEUES) as gateway,
        deaf(gateway, "news:1"),
        connected(gateway, channels=["news:1"]) as ana,
        backend(gateway) as api,
    ):
        count = 0
        while door_of(gateway).counts.disconnects[3008] == 0:
            await api.call("publish", channel="news:1", data="x" * 60_000)
            count += 1
            assert (await ana.push())["pub"]["offset"] == count
        assert count > 1
        assert [each.user for each in door_of(gateway).clients] == ["ana"]
        assert gateway.host.queued_bytes() < 3 * 65_536


async def test_a_stream_that_is_not_read_is_closed_too() -> None:
    settings = SMALL_QUEUES | {"uni_sse": {"enabled": True}}
    async with (
        running(channel={"namespaces": [NEWS]}, **settings) as gateway,
        backend(gateway) as api,
    ):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", gateway.port))
        connect = f'{{"token":"{token(channels=["news:1"])}"}}'
        from urllib.parse import quote

        sock.send(f"GET /connection/uni_sse?cf_connect={quote(connect)} HTTP/1.1\r\n\r\n".encode())
        while not len(door_of(gateway).clients):
            await api.call("info")
        while door_of(gateway).counts.disconnects[3008] == 0:
            await api.call("publish", channel="news:1", data="x" * 60_000)
        assert len(door_of(gateway).clients) == 0
        sock.close()


async def test_a_flood_of_commands_is_answered_or_ended_but_never_kept() -> None:
    async with running(**SMALL_QUEUES) as gateway, connected(gateway, "bo") as bo:
        async with deaf(gateway, "inbox:deaf") as sock:
            line = b'{"id":9,"history":{"channel":"nowhere:1","limit":1}}'
            message = b"\n".join([line] * 1000)
            mask = b"\0\0\0\0"
            frame = b"\x81\xfe" + len(message).to_bytes(2) + mask + message
            loop = asyncio.get_running_loop()
            try:
                while door_of(gateway).counts.disconnects[3008] == 0:
                    await asyncio.wait_for(loop.sock_sendall(sock, frame), 1)
            except (TimeoutError, ConnectionError):
                pytest.fail("the server stopped reading without ending the connection")
        assert "error" in await bo.ask("rpc", method="x")


async def test_channels_that_nobody_is_in_cost_nothing(gateway: Gateway) -> None:
    async with connected(gateway) as flood:
        for number in range(500):
            await flood.ask("subscribe", channel=f"feed:{number}", recoverable=True, recover=True)
            await flood.ask("history", channel=f"feed:x{number}", limit=1)
            await flood.ask("unsubscribe", channel=f"feed:{number}")
        assert len(gateway.hub) == 0


async def test_sockets_that_say_nothing_are_closed() -> None:
    async with running(client={"stale_close_delay": "200ms"}) as gateway:
        async with client(gateway) as one, client(gateway) as two:
            assert {(await each.closed())[0] for each in (one, two)} == {3502}
        await emptied(gateway.host)


async def test_a_token_revoked_by_disconnect_ends_what_it_opened(
    gateway: Gateway, api: Backend
) -> None:
    async with connected(gateway, "eve", channels=["inbox:eve"]) as eve:
        why = {"code": 4501, "reason": "signed out"}
        await api.call("disconnect", user="eve", disconnect=why)
        await api.call("publish", channel="inbox:eve", data="secret")
        assert await eve.closed() == (4501, "signed out")
        assert (await api.call("presence_stats", channel="chat:1"))["num_clients"] == 0


def test_a_million_publications_are_bounded_and_given_back() -> None:
    """By size while they are kept, wholly when their time is over."""
    options = NamespaceOptions(name="log", history_size=2, history_ttl=60, history_meta_ttl=600)
    hub = Hub(Namespaces(ChannelRules(namespaces=(options,))), call_soon, time.monotonic)
    process = psutil.Process()
    payload = b'"' + b"x" * 100 + b'"'

    def publish(rounds: range) -> None:
        for round_ in rounds:
            for number in range(20_000):
                hub.publish(f"log:{number}", payload, now=round_ / 100)

    publish(range(2))
    full = process.memory_info().rss
    publish(range(2, 12))
    assert process.memory_info().rss - full < 0.2 * full, "what came later replaced what was"
    kept = sum(len(channel.stream.kept) for channel in hub if channel.stream)
    assert kept == 2 * 20_000
    hub.sweep(100)
    assert not any(channel.stream.kept for channel in hub if channel.stream)
    hub.sweep(1000)
    assert len(hub) == 0


# The process itself


@asynccontextmanager
async def process(**variables: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run `python -m hark_gateway` on a free port; give it and the port."""
    ours = {
        "CLIENT_TOKEN_HMAC_SECRET_KEY": SECRET,
        "HTTP_API_KEY": KEY,
        "HTTP_SERVER_PORT": "0",
        "CHANNEL_NAMESPACES": "chat",
    }
    named = {f"HARK_GATEWAY_{name}": value for name, value in (ours | variables).items()}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        leash.__file__,
        str(os.getpid()),
        sys.executable,
        "-m",
        "hark_gateway",
        env=os.environ | named,
        stderr=asyncio.subprocess.PIPE,
    )
    assert started.stderr is not None
    try:
        line = (await started.stderr.readline()).decode()
        yield started, int(line.rpartition("port=")[2])
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
        await started.stderr.read()  # until the leash has let go of it, too


@asynccontextmanager
async def reached(port: int) -> AsyncIterator[Client]:
    from websockets.asyncio.client import connect

    async with connect(f"ws://127.0.0.1:{port}/connection/websocket") as socket:
        opened = Client(socket)
        await opened.ask("connect", token=token())
        yield opened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_sends_clients_away_and_ends_the_process(number: signal.Signals) -> None:
    async with process() as (gateway, port), reached(port) as ana:
        gateway.send_signal(number)
        assert await ana.closed() == (3001, "shutdown")
        assert await gateway.wait() == 0


async def test_clients_that_do_not_go_are_cut_in_the_end() -> None:
    async with process(SHUTDOWN_TIMEOUT="500ms") as (gateway, port), reached(port) as ana:
        ana.socket.transport.pause_reading()
        gateway.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):  # after which a supervisor would kill it
            assert await gateway.wait() == 0


async def test_sending_many_away_is_spread() -> None:
    async with running(shutdown={"timeout": "2s"}) as gateway:
        sessions = []
        for number in range(150):
            context = connected(gateway, f"user{number}")
            sessions.append((context, await context.__aenter__()))
        stopping = asyncio.ensure_future(gateway.stop())
        await sessions[0][1].closed()
        assert len(door_of(gateway).clients) > 0, "they were all sent away at once"
        assert {(await each.closed())[0] for _, each in sessions} == {3001}
        await stopping
        for context, _ in sessions:
            await context.__aexit__(None, None, None)


async def test_a_port_in_use_is_said_in_one_line() -> None:
    async with process() as (_, port):
        with pytest.raises(ValueError, match=r"cannot listen on 127\.0\.0\.1"):
            async with process(HTTP_SERVER_PORT=str(port)):
                pass
