"""A network link between two parts of the application, which can be cut, jammed and healed."""

import asyncio
from pathlib import Path

CHUNK = 65_536

Address = tuple[str, int] | Path


class Link:
    """A TCP proxy that passes bytes on unseen.

    Args:
        name: What it connects, for the report.
        far: Where it leads: a host and port, or a Unix socket.
    """

    def __init__(self, name: str, far: Address) -> None:
        self.name = name
        self._far = far
        self._cut = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen; return the port on 127.0.0.1."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Reset every connection, and each new one until healed."""
        self._cut = True
        for end in tuple(self._ends):
            end.transport.abort()

    def jam(self) -> None:
        """Keep back all bytes, as a network does that drops every packet, until healed."""
        self._flowing.clear()

    def heal(self) -> None:
        """Carry on. What was kept back arrives now, for whoever still waits."""
        self._cut = False
        self._flowing.set()

    async def close(self) -> None:
        """Close everything."""
        self._server.close()
        self.cut()
        self._flowing.set()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        try:
            if not self._cut:
                await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # nobody listens there, or the link was closed: either way, hang up
        finally:
            writer.transport.abort()
            self._ends.discard(writer)
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        far_reader, far_writer = await self._connect()
        self._ends.add(far_writer)
        try:
            await asyncio.gather(
                self._pass_on(reader, far_writer), self._pass_on(far_reader, writer)
            )
        finally:
            far_writer.transport.abort()
            self._ends.discard(far_writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._far, Path):
            return await asyncio.open_unix_connection(str(self._far))
        return await asyncio.open_connection(*self._far)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        await self._flowing.wait()
        if not writer.is_closing():
            writer.write_eof()
