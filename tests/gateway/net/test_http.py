"""HTTP as strangers speak it: torn, oversized, smuggled, slow, impatient."""

import asyncio
import resource
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hark_gateway.net.http import Limits
from tests.gateway.scene import emptied

from .echo import serving

REQUEST = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nPOST /echo hello"


async def talk(port: int, *pieces: bytes, pause: float = 0) -> bytes:
    """Send pieces, and return all that comes until the server closes or has nothing more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_request_may_come_torn_at_any_place() -> None:
    async with serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(REQUEST)):
            writer.write(REQUEST[:cut])
            await asyncio.sleep(0)
            writer.write(REQUEST[cut:])
            assert await reader.readexactly(len(ANSWERED)) == ANSWERED
        writer.close()


async def test_requests_sent_ahead_are_answered_in_order() -> None:
    async with serving() as (port, _):
        requests = [b"GET /echo?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(5)]
        answer = await talk(port, REQUEST, b"".join(requests), REQUEST)
        assert answer.count(b"HTTP/1.1 200 OK") == 7
        assert answer.startswith(ANSWERED)
        assert answer.endswith(b"hello")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request"),
        pytest.param(b"GET /echo HTTP/9.9\r\n\r\n", 400, id="no such version"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost x\r\n\r\n", 400, id="no header"),
        pytest.param(b"GET /echo HTTP/1.1\r\nA: \x00\r\n\r\n", 400, id="a zero byte"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            400,
            id="smuggled by two lengths",
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            400,
            id="smuggled by two counts",
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            400,
            id="smuggled by an unknown coding",
        ),
        pytest.param(b"POST /echo HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", 400, id="signed"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="chunk"
        ),
        pytest.param(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, id="no such path"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413, id="announced too long"
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001,
            413,
            id="too long in chunks",
        ),
        pytest.param(b"GET /" + b"x" * 16_384, 431, id="a target without end"),
        pytest.param(b"GET /echo HTTP/1.1\r\n" + b"A: b\r\n" * 4000, 431, id="too many headers"),
        pytest.param(
            b"GET /echo HTTP/1.1\r\nA: " + b"x" * 17_000 + b"\r\n\r\n", 431, id="a long header"
        ),
        pytest.param(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", 500, id="a fault of ours"),
    ],
)
async def test_what_cannot_be_served_is_refused(request_: bytes, expected: int) -> None:
    async with serving() as (port, _):
        answer = await talk(port, request_)
        assert status(answer) == expected
        assert b"secret" not in answer
        assert status(await talk(port, REQUEST)) == 200, "and others are served"


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        (b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n", False),
        (b"GET /echo HTTP/1.0\r\n\r\n", False),
        (b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET /echo HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", False),
    ],
)
async def test_a_connection_stays_open_as_its_client_wishes(request_: bytes, stays: bool) -> None:
    async with serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_)
        assert (await reader.readuntil(b"GET /echo ")).startswith(b"HTTP/1.1 200")
        if stays:
            writer.write(REQUEST)
            assert await reader.readexactly(len(ANSWERED)) == ANSWERED
        else:
            assert await reader.read() == b""
        writer.close()


async def test_a_body_may_be_asked_for() -> None:
    async with serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        assert (await reader.readuntil(b" ab")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_head_request_gets_no_body() -> None:
    async with serving() as (port, _):
        answer = await talk(port, b"HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param([], b"", id="nothing at all"),
        pytest.param([b"GET /ec"], b"HTTP/1.1 408", id="half a head"),
        pytest.param([REQUEST[:-1]], b"HTTP/1.1 408", id="half a body"),
    ],
)
async def test_a_slow_client_is_given_up(pieces: list[bytes], expected: bytes) -> None:
    limits = Limits(head_timeout=0.1, body_timeout=0.1, idle_timeout=0.1)
    async with serving(limits) as (port, host):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
        assert (await reader.read())[:12] == expected
        writer.close()
        await emptied(host)


async def test_a_client_that_drips_cannot_stretch_its_time() -> None:
    async with serving(Limits(head_timeout=0.2)) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading = asyncio.ensure_future(reader.read())
        while not reading.done():
            writer.write(b"G")
            await asyncio.sleep(0.02)
        assert b"408" in reading.result() or b"400" in reading.result()
        writer.close()


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with serving(Limits(idle_timeout=0.1)) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        assert await reader.read() == ANSWERED
        writer.close()


LIMIT = Limits().max_head_bytes


def head_of(size: int, filler: str) -> bytes:
    """Return a request whose head takes exactly so many bytes."""
    start = b"GET /echo HTTP/1.1\r\nConnection: close\r\n"
    room = size - len(start) - 2
    match filler:
        case "names":  # each takes nine bytes, three of which are no text
            many = room // 9 - 1
            rest = room - 9 * many
            text = b"".join(b"a%05d:\r\n" % n for n in range(many)) + b"b:" + b"x" * (rest - 4)
            return start + text + b"\r\n\r\n"
        case "spaces":
            return start + b"A:" + b" " * (room - 5) + b"b\r\n\r\n"
        case "blank lines":
            return b"\r\n" * (room // 2) + start + b"\r\n"
        case _:
            return start + b"A:" + b"x" * (room - 4) + b"\r\n\r\n"


@pytest.mark.parametrize("filler", ["value", "names", "spaces", "blank lines"])
@pytest.mark.parametrize("size", [1000, 4096, 1 << 20])
async def test_a_head_at_the_limit_is_read_and_one_byte_more_is_not(filler: str, size: int) -> None:
    async with serving(Limits(max_headers=10_000)) as (port, _):
        for length, expected in ((LIMIT, 200), (LIMIT + 2, 431), (4 * LIMIT, 431)):
            request = head_of(length, filler)
            pieces = [request[at : at + size] for at in range(0, len(request), size)]
            answer = await talk(port, *pieces)
            assert status(answer) == expected, (length, len(request))


async def test_a_head_sent_ahead_has_the_same_limit() -> None:
    async with serving() as (port, _):
        first = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
        for length, expected in ((LIMIT, 200), (LIMIT + 2, 431)):
            answer = await talk(port, first + head_of(length, "value"))
            assert status(answer[answer.rindex(b"HTTP/1.1 ") :]) == expected


async def test_requests_sent_ahead_in_any_number_are_no_long_head() -> None:
    async with serving() as (port, _):
        request = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = await talk(port, request * 3000)
        assert answer.count(b"HTTP/1.1 200 OK") == 3000


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"GET /echo HTTP/1.1\r\n", id="headers"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", id="trailers"
        ),
    ],
)
async def test_headers_are_counted(start: bytes) -> None:
    async with serving() as (port, _):
        few, many = b"A: b\r\n" * 90, b"A: b\r\n" * 101
        assert status(await talk(port, start + few + b"\r\n")) == 200
        assert status(await talk(port, start + many + b"\r\n")) == 431
        assert status(await talk(port, start + b"A: " + b"x" * LIMIT + b"\r\n\r\n")) == 431


async def test_requests_that_wait_are_bounded() -> None:
    async with serving(Limits(max_waiting=3)) as (port, host):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /silent HTTP/1.1\r\n\r\n" * 5)
        assert await reader.read() == b""
        writer.close()
        await emptied(host)


async def test_connections_beyond_the_limit_are_refused_and_counted() -> None:
    async with serving(max_connections=2) as (port, host):
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert status(await talk(port, b"")) == 503
        assert host.refused == 1
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        await emptied(host)
        assert status(await talk(port, REQUEST)) == 200


async def test_the_server_outlives_the_end_of_its_files() -> None:
    """Without files nothing can be accepted; the server waits, and goes on once there are some."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving() as (port, _):
        clients = [socket.socket() for _ in range(3)]
        hoard = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        try:
            while True:
                hoard.append(socket.socket())
        except OSError:
            pass
        try:
            for client in clients:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
            await asyncio.sleep(0.1)
        finally:
            for each in hoard:
                each.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for client in clients:
            client.close()
        assert status(await talk(port, REQUEST)) == 200


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=400), cut=st.integers(0, 400))
def test_no_bytes_at_all_disturb_the_server(data: bytes, cut: int) -> None:
    import uvloop

    async def check() -> None:
        async with serving() as (port, host):
            await talk(port, data[:cut], data[cut:])
            await talk(port, b"GET /ws HTTP/1.1\r\n" + data)
            assert status(await talk(port, REQUEST)) == 200
            await emptied(host)

    uvloop.run(check())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(b"", 426, id="no upgrade"),
        pytest.param(b"Upgrade: websocket\r\n", 426, id="no connection"),
        pytest.param(b"Upgrade: h2c\r\nConnection: upgrade\r\n", 426, id="another protocol"),
        pytest.param(
            b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 8\r\n",
            426,
            id="an old version",
        ),
        pytest.param(
            b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n",
            400,
            id="no key",
        ),
        pytest.param(
            b"Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            101,
            id="as it should be",
        ),
    ],
)
async def test_a_handshake_is_what_the_standard_says(headers: bytes, expected: int) -> None:
    async with serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        assert status(await reader.readuntil(b"\r\n\r\n")) == expected
        writer.close()
