"""A link carries bytes, and can be cut, jammed and healed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.link import Link

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


@pytest.fixture(params=["a port", "a Unix socket"])
async def link(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Link]:
    """Leads to a server that echoes."""
    if request.param == "a port":
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        link = Link("a link", ("127.0.0.1", server.sockets[0].getsockname()[1]))
    else:
        server = await asyncio.start_unix_server(echo, str(tmp_path / "socket"))
        link = Link("a link", tmp_path / "socket")
    link.port = await link.open()  # type: ignore[attr-defined]
    yield link
    await link.close()
    server.close()


async def connect(link: Link) -> Streams:
    return await asyncio.open_connection("127.0.0.1", link.port)  # type: ignore[attr-defined]


async def hung_up(streams: Streams) -> bool:
    try:
        return await streams[0].read(1) == b""
    except ConnectionError:
        return True
    finally:
        streams[1].close()


async def test_it_carries_both_ways_and_ends_with_either_end(link: Link) -> None:
    reader, writer = await connect(link)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


async def test_cut_it_drops_who_is_connected_and_who_comes_until_healed(link: Link) -> None:
    before = await connect(link)
    before[1].write(b"x")
    await before[0].readexactly(1)
    link.cut()
    assert await hung_up(before)
    assert await hung_up(await connect(link))
    link.heal()
    reader, writer = await connect(link)
    writer.write(b"again")
    assert await reader.readexactly(5) == b"again"
    writer.close()


async def test_jammed_it_keeps_bytes_back_and_delivers_them_once_healed(link: Link) -> None:
    reader, writer = await connect(link)
    writer.write(b"x")
    await reader.readexactly(1)
    link.jam()
    writer.write(b"late")
    newcomer = await connect(link)
    newcomer[1].write(b"new")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    link.heal()
    assert await reader.readexactly(4) == b"late"
    assert await newcomer[0].readexactly(3) == b"new"
    writer.close()
    newcomer[1].close()
