"""The transports over plain HTTP, as `curl` and a bare EventSource see them."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from hark_gateway.server import Gateway

from .scene import Backend, backend, door_of, running, token

ON = {"enabled": True}
PAGE = "https://app.example"
ALL = {
    "http_stream": ON,
    "sse": ON,
    "uni_sse": ON,
    "uni_http_stream": ON,
    "uni_websocket": ON,
    "client": {"allowed_origins": ["https://*.example"]},
}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway with every transport on, open to pages of *.example."""
    async with running(**ALL) as started:
        yield started


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as opened:
        yield opened


class Lines:
    """Messages of a stream, whatever they are wrapped in."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def receive(self) -> dict[str, Any]:
        async for line in self._lines:
            if line:
                return json.loads(line.removeprefix("data: "))
        raise EOFError


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, transport: str, message: dict[str, Any], **options: Any
) -> AsyncIterator[Lines]:
    """Open a stream on a transport with its first message."""
    path = f"/connection/{transport}"
    if transport.endswith("sse"):
        params = {"cf_connect": json.dumps(message)}
        request = http.stream("GET", path, params=params, **options)
    else:
        request = http.stream("POST", path, json=message, **options)
    async with request as answer:
        yield Lines(answer)


@pytest.fixture(params=["http_stream", "sse"])
def emulated(request: pytest.FixtureRequest) -> str:
    """Each transport of the SDKs' fallback."""
    return str(request.param)


@pytest.fixture(params=["uni_http_stream", "uni_sse"])
def unidirectional(request: pytest.FixtureRequest) -> str:
    """Each HTTP transport that needs no SDK."""
    return str(request.param)


async def test_commands_come_by_emulation_and_replies_on_the_stream(
    http: httpx.AsyncClient, api: Backend, emulated: str
) -> None:
    async with listening(http, emulated, {"id": 1, "connect": {"token": token()}}) as stream:
        connect = (await stream.receive())["connect"]
        commands = '{"id":2,"subscribe":{"channel":"feed:1"}}\n{"id":3,"rpc":{"method":"x"}}'
        frame = {"session": connect["session"], "node": connect["node"], "data": commands}
        assert (await http.post("/emulation", json=frame)).status_code == 204
        assert (await stream.receive())["id"] == 2
        assert (await stream.receive())["error"]["code"] == 108
        await api.call("publish", channel="feed:1", data={"a": "é"})
        assert (await stream.receive())["push"]["pub"] == {"data": {"a": "é"}, "offset": 1}


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
async def test_a_payload_on_several_lines_is_one_message(
    http: httpx.AsyncClient, api: Backend, end: str
) -> None:
    message = {"id": 1, "connect": {"token": token(channels=["feed:1"])}}
    async with listening(http, "sse", message) as stream:
        await stream.receive()
        call = '{"channel":"feed:1","data":{"a":|1}}'.replace("|", end)
        await api.http.post("/api/publish", content=call)
        call = json.dumps(
            {"channel": "feed:1", "b64data": b64encode(f"[{end}2]".encode()).decode()}
        )
        await api.http.post("/api/publish", content=call)
        assert (await stream.receive())["push"]["pub"]["data"] == {"a": 1}
        assert (await stream.receive())["push"]["pub"]["data"] == [2]


async def test_a_stream_may_not_be_kept_by_anybody_on_the_way(
    http: httpx.AsyncClient, emulated: str
) -> None:
    async with listening(http, emulated, {"id": 1, "connect": {"token": token()}}) as stream:
        assert stream.answer.status_code == 200
        assert stream.answer.headers["x-accel-buffering"] == "no"
        assert "no-store" in stream.answer.headers["cache-control"]


async def test_the_stream_tells_why_it_ends(http: httpx.AsyncClient, emulated: str) -> None:
    async with listening(http, emulated, {"id": 1, "connect": {"token": "forged"}}) as stream:
        push = {"disconnect": {"code": 3500, "reason": "invalid token"}}
        assert await stream.receive() == {"push": push}
        with pytest.raises(EOFError):
            await stream.receive()


async def test_an_error_on_connect_is_an_ordinary_line(
    http: httpx.AsyncClient, emulated: str
) -> None:
    async with listening(http, emulated, {"id": 1, "connect": {"token": token(exp=1)}}) as stream:
        assert (await stream.receive())["error"]["code"] == 109


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        pytest.param({"session": "x", "node": "x", "data": "{}"}, 404, id="another node"),
        pytest.param({"session": "x", "node": None, "data": "{}"}, 204, id="another session"),
        pytest.param({"session": "x"}, 400, id="incomplete"),
        pytest.param({"session": "x", "node": "x", "data": "x" * 70_000}, 413, id="too long"),
    ],
)
async def test_emulation_answers_what_it_cannot_deliver(
    gateway: Gateway, http: httpx.AsyncClient, frame: dict[str, Any], status: int
) -> None:
    if frame.get("node", "") is None:
        frame = frame | {"node": door_of(gateway).node}
    assert (await http.post("/emulation", json=frame)).status_code == status


async def test_a_client_that_hangs_up_is_gone_from_presence(
    http: httpx.AsyncClient, api: Backend, unidirectional: str
) -> None:
    message = {"token": token(channels=["chat:1"])}
    async with listening(http, unidirectional, message) as stream:
        await stream.receive()
        assert len((await api.call("presence", channel="chat:1"))["presence"]) == 1
        await stream.answer.aclose()
    async with running_until_empty(api):
        pass


@asynccontextmanager
async def running_until_empty(api: Backend) -> AsyncIterator[None]:
    """Ask until nobody is left; the test's own time limit ends it otherwise."""
    while (await api.call("presence", channel="chat:1"))["presence"]:
        pass
    yield


async def test_without_an_sdk_pushes_come_bare(
    http: httpx.AsyncClient, api: Backend, unidirectional: str
) -> None:
    message = {"token": token(channels=["inbox:ana"])}
    async with listening(http, unidirectional, message) as stream:
        connect = (await stream.receive())["connect"]
        assert "pong" not in connect
        assert "inbox:ana" in connect["subs"]
        await api.call("publish", channel="inbox:ana", data=1)
        push = {"channel": "inbox:ana", "pub": {"data": 1, "offset": 1}}
        assert await stream.receive() == push


async def test_without_an_sdk_missed_publications_come_with_connect(
    http: httpx.AsyncClient, api: Backend, unidirectional: str
) -> None:
    for number in (1, 2):
        position = await api.call("publish", channel="inbox:ana", data=number)
    since = {"recover": True, "offset": 1, "epoch": position["epoch"]}
    message = {"token": token(channels=["inbox:ana"]), "subs": {"inbox:ana": since}}
    async with listening(http, unidirectional, message) as stream:
        channel = (await stream.receive())["connect"]["subs"]["inbox:ana"]
    assert channel["publications"] == [{"data": 2, "offset": 2}]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param({}, 3501, id="no token"),
        pytest.param({"token": "forged"}, 3500, id="forged"),
        pytest.param({"token": token(exp=1)}, 3005, id="expired"),
        pytest.param({"token": token(subs={"nowhere:1": {}})}, 3004, id="unknown namespace"),
    ],
)
async def test_without_an_sdk_errors_are_disconnects(
    http: httpx.AsyncClient, unidirectional: str, message: dict[str, Any], code: int
) -> None:
    async with listening(http, unidirectional, message) as stream:
        assert (await stream.receive())["disconnect"]["code"] == code


async def test_a_unidirectional_socket_says_why_it_closes_twice(gateway: Gateway) -> None:
    from .scene import Client, connect

    url = f"ws://127.0.0.1:{gateway.port}/connection/uni_websocket"
    async with connect(url) as socket, backend(gateway) as api:
        client = Client(socket)
        await client.send({"token": token(channels=["inbox:ana"])})
        assert (await client.receive())["connect"]["subs"].keys() == {"inbox:ana"}
        await api.call("disconnect", user="ana")
        last = {"code": 3503, "reason": "force disconnect"}
        assert await client.receive() == {"disconnect": last}
        assert await client.closed() == (3503, "force disconnect")


async def test_pages_of_allowed_origins_may_read_the_stream(
    http: httpx.AsyncClient, emulated: str
) -> None:
    path = f"/connection/{emulated}"
    asked = {"Origin": PAGE, "Access-Control-Request-Headers": "content-type"}
    preflight = await http.options(path, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    message = {"id": 1, "connect": {"token": token()}}
    async with listening(http, emulated, message, headers={"Origin": PAGE}) as stream:
        assert stream.answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("origin", ["https://example", "https://app.example.evil", "null"])
async def test_pages_of_other_origins_are_refused(
    http: httpx.AsyncClient, emulated: str, origin: str
) -> None:
    answer = await http.post(f"/connection/{emulated}", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_http_streaming_begins_with_post(http: httpx.AsyncClient) -> None:
    assert (await http.get("/connection/http_stream")).status_code == 405
    assert (await http.get("/connection/sse")).status_code == 400
