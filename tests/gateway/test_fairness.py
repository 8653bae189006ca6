"""What one client asks for, however much, is done in small steps, and others are served between.

Each turn of these gateways has time for one step only: so whoever is answered while work is waiting
was answered between its steps, however fast the machine.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hark_gateway.hub.channel import Channel
from hark_gateway.hub.stream import Member
from hark_gateway.protocols.centrifuge.wire import WEBSOCKET
from hark_gateway.server import Gateway

from .scene import Backend, backend, client, connected, running, token

MANY = 3000


class Ghost:
    """A subscriber without a socket."""

    wire = WEBSOCKET
    hears_members = False

    def __init__(self, number: int) -> None:
        self.member = Member(f"client-{number}", f"user-{number % 1000}")

    def sink(self) -> "Ghost":
        return self

    def write(self, data: bytes) -> None:
        """Nobody is there."""

    def interrupted(self, channel: Channel) -> None:
        """Nobody is there."""


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that does one step in each turn."""
    feed = {"name": "feed", "history_size": 20_000, "history_ttl": "1m", "force_recovery": True}
    chat = {"name": "chat", "presence": True, "allow_presence_for_client": True}
    allowed = {"allow_subscribe_for_client": True, "allow_history_for_client": True}
    namespaces = [feed | allowed, chat | allowed]
    limits = {"history_max_publication_limit": 20_000, "recovery_max_publication_limit": 20_000}
    async with running(
        channel={"namespaces": namespaces},
        client=limits | {"channel_limit": 2000},
        http_stream={"enabled": True},
        websocket={"message_size_limit": 1_000_000},
    ) as started:
        started.host.turns._budget = 0
        yield started


async def served_between(gateway: Gateway, work: "asyncio.Future[Any]") -> Any:
    """Have a stranger served while `work` is under way; return what comes of it."""
    url = f"http://127.0.0.1:{gateway.port}"
    async with httpx.AsyncClient(base_url=url) as stranger, client(gateway) as other:
        while not len(gateway.host.turns) and not work.done():  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert not work.done(), "it was done in one turn"
        assert (await stranger.get("/health")).status_code == 200
        assert "client" in await other.ask("connect", token=token("stranger"))
        assert len(gateway.host.turns) == 1, "it was not done in steps, or was done before others"
        return await work


def fill(gateway: Gateway, *channels: str, publications: int = 20_000) -> None:
    for channel in channels:
        for number in range(publications):
            gateway.hub.publish(channel, b'{"n":%d}' % number, now=time.time())


def crowd(gateway: Gateway, channel: str) -> None:
    for number in range(20_000):
        gateway.hub.subscribe(Ghost(number), channel)


async def test_many_commands_in_one_message(gateway: Gateway) -> None:
    async with connected(gateway) as ana:

        async def work() -> None:
            await ana.send(*({"id": n + 1, "rpc": {}} for n in range(1, MANY)))
            assert [(await ana.receive())["id"] for _ in range(1, MANY)] == list(range(2, MANY + 1))

        await served_between(gateway, asyncio.create_task(work()))


async def test_many_messages_at_once(gateway: Gateway) -> None:
    async with connected(gateway) as ana:

        async def work() -> None:
            for number in range(2, MANY):
                await ana.send({"id": number, "rpc": {}})
            assert [(await ana.receive())["id"] for _ in range(2, MANY)] == list(range(2, MANY))

        await served_between(gateway, asyncio.create_task(work()))


async def test_many_commands_by_emulation(gateway: Gateway) -> None:
    url = f"http://127.0.0.1:{gateway.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        first = {"id": 1, "connect": {"token": token()}}
        async with http.stream("POST", "/connection/http_stream", json=first) as stream:
            lines = stream.aiter_lines()
            connect = json.loads(await anext(lines))["connect"]
            commands = "\n".join(json.dumps({"id": n, "rpc": {}}) for n in range(2, 1500))
            frame = {"session": connect["session"], "node": connect["node"], "data": commands}
            answer = asyncio.create_task(http.post("/emulation", json=frame))
            assert (await served_between(gateway, answer)).status_code == 204
            for number in range(2, 1500):
                assert json.loads(await anext(lines))["id"] == number


async def test_many_requests_sent_ahead(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

    async def work() -> None:
        writer.write(request * 20_000)
        for _ in range(20_000):
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await reader.readuntil(b"{}")

    await served_between(gateway, asyncio.create_task(work()))
    writer.close()
    await writer.wait_closed()


async def test_recovery_of_many_channels(gateway: Gateway) -> None:
    names = [f"feed:{number}" for number in range(1000)]
    fill(gateway, *names, publications=5)
    epoch = gateway.hub.peek_stream("feed:0", now=time.time()).epoch
    since = {"recover": True, "offset": 1, "epoch": epoch}
    async with client(gateway) as ana:
        asked = ana.ask("connect", token=token(channels=names), subs=dict.fromkeys(names, since))
        state = await served_between(gateway, asyncio.create_task(asked))
    for subscription in state["subs"].values():
        assert subscription["recovered"]
        assert [each["offset"] for each in subscription["publications"]] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("method", "request_", "counted"),
    [
        ("history", {"channel": "feed:1", "limit": 20_000}, ("publications", 20_000)),
        ("presence", {"channel": "chat:1"}, ("presence", 20_000)),
        ("presence_stats", {"channel": "chat:1"}, ("num_clients", 20_000)),
    ],
)
async def test_what_grows_with_a_channel(
    gateway: Gateway, method: str, request_: dict[str, Any], counted: tuple[str, int]
) -> None:
    fill(gateway, "feed:1")
    crowd(gateway, "chat:1")
    field, number = counted
    async with connected(gateway) as ana, backend(gateway) as api:
        for ask in (ana.ask, api.call):
            answer = await served_between(gateway, asyncio.create_task(ask(method, **request_)))
            found = answer[field] if isinstance(answer[field], int) else len(answer[field])
            assert found == number


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        (
            "batch",
            {"commands": [{"publish": {"channel": f"feed:{n}", "data": n}} for n in range(MANY)]},
        ),
        ("broadcast", {"channels": [f"feed:{n}" for n in range(MANY)], "data": 1}),
    ],
)
async def test_many_publications_in_one_call(
    gateway: Gateway, api: Backend, method: str, request_: dict[str, Any]
) -> None:
    answer = await served_between(gateway, asyncio.create_task(api.call(method, **request_)))
    assert len(answer.get("replies") or answer["responses"]) == MANY
    for number in (0, MANY - 1):
        assert gateway.hub.peek_stream(f"feed:{number}", now=time.time()).top == 1


async def test_a_history_of_large_publications(gateway: Gateway, api: Backend) -> None:
    for _ in range(100):
        gateway.hub.publish("feed:1", b'"%b"' % (b"x" * 60_000), now=time.time())
    asked = api.call("history", channel="feed:1", limit=-1)
    answer = await served_between(gateway, asyncio.create_task(asked))
    assert [len(each["data"]) for each in answer["publications"]] == [60_000] * 100


async def test_a_batch_stops_at_what_its_answer_may_have(
    gateway: Gateway, api: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hark_gateway.protocols.centrifuge.api.MAX_BATCH_ANSWER_BYTES", 1_000_000)
    for _ in range(10):
        gateway.hub.publish("feed:1", b'"%b"' % (b"x" * 60_000), now=time.time())
    history = {"history": {"channel": "feed:1", "limit": -1}}
    last = {"publish": {"channel": "feed:2", "data": 1}}
    answer = await api.call("batch", commands=[history, history, history, last])
    first, second, *others = answer["replies"]
    assert len(first["history"]["publications"]) == len(second["history"]["publications"]) == 10
    assert others == [{"error": {"code": 106, "message": "limit exceeded"}}] * 2
    assert gateway.hub.peek_stream("feed:2", now=time.time()).top == 0


@pytest.mark.parametrize("method", ["channels", "info"])
async def test_what_grows_with_the_number_of_channels(
    gateway: Gateway, api: Backend, method: str
) -> None:
    for number in range(20_000):
        gateway.hub.subscribe(Ghost(number), f"chat:{number}")
    answer = await served_between(gateway, asyncio.create_task(api.call(method)))
    assert len(answer["channels"] if method == "channels" else answer["nodes"]) in (1, 20_000)


async def test_a_client_is_not_recovered_more_than_it_may_leave_unread(gateway: Gateway) -> None:
    for number in range(40):
        gateway.hub.publish("feed:big", b'"%b"' % (b"x" * 50_000), now=time.time())
        gateway.hub.publish("feed:small", b"%d" % number, now=time.time())
    epoch = gateway.hub.peek_stream("feed:big", now=time.time()).epoch
    since = {"recover": True, "offset": 1, "epoch": epoch}
    subs = {"feed:small": since, "feed:big": since}
    async with connected(gateway, subs=subs, channels=list(subs)) as ana:
        state = ana.state["subs"]  # type: ignore[attr-defined]
        assert state["feed:small"]["recovered"]
        assert "recovered" not in state["feed:big"]
        page = await ana.ask("history", channel="feed:big", limit=100)
        assert 0 < len(page["publications"]) * 50_000 <= gateway.config.client.queue_max_size
