"""The cable between a client and the gateway, which a test may cut and mend."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

CHUNK = 65_536


class Tap(Protocol):
    """Something that listens to a cable."""

    def pass_by(self, connection: int, data: bytes, *, from_client: bool) -> None:
        """Hear what is carried on one connection."""

    def cut(self) -> None:
        """Hear that all connections broke."""


class Cable:
    """A TCP proxy that passes bytes on unseen, in the chunks in which they come.

    Args:
        port: Where the gateway listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._gateway_port = port
        self.tap: Tap | None = None
        self._carried = 0
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def lay(self) -> None:
        """Open the end for clients."""
        # Not by asyncio's server: closing that loses what has been accepted a moment ago.
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _accept(self) -> None:
        with suppress(OSError):  # it has gone again
            client, _ = self._listener.accept()
            task = asyncio.create_task(self._carry(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Reset all connections, and each new one, until mended."""
        self._whole = False
        if self.tap is not None:
            self.tap.cut()
        for end in tuple(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        """Carry new connections again."""
        self._whole = True

    async def remove(self) -> None:
        """Close everything."""
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self.tap = None
        self.cut()
        await asyncio.gather(*self._tasks)

    async def _carry(self, client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        self._ends.add(writer)
        try:
            if self._whole:
                await self._connect_through(reader, writer)
        finally:
            writer.transport.abort()
            self._ends.discard(writer)

    async def _connect_through(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        except OSError:
            return  # nobody is there; the client is hung up on, as by the gateway's own kernel
        self._ends.add(far_writer)
        try:
            if not self._whole:  # cut while dialling
                return
            self._carried += 1
            await asyncio.gather(
                pass_on(reader, far_writer, self._hearing(self._carried, from_client=True)),
                pass_on(far_reader, writer, self._hearing(self._carried, from_client=False)),
            )
        finally:
            far_writer.transport.abort()
            self._ends.discard(far_writer)

    def _hearing(self, connection: int, *, from_client: bool) -> Callable[[bytes], None]:
        def listen(data: bytes) -> None:
            if self.tap is not None:
                self.tap.pass_by(connection, data, from_client=from_client)

        return listen


async def pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listen: Callable[[bytes], None]
) -> None:
    """Copy one direction until it ends, then end it in the same way on the other side."""
    try:
        while data := await reader.read(CHUNK):
            listen(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
