"""The cable between a client and the gateway, which a test may cut and mend."""

import asyncio

CHUNK = 65_536


class Cable:
    """A TCP proxy that passes bytes on unseen, in the chunks in which they come.

    Args:
        port: Where the gateway listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._gateway_port = port
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def lay(self) -> None:
        """Open the end for clients."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Reset all connections, and each new one, until mended."""
        self._whole = False
        for end in tuple(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        """Carry new connections again."""
        self._whole = True

    async def remove(self) -> None:
        """Close everything."""
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._whole:
                await self._connect_through(reader, writer)
        finally:
            writer.transport.abort()
            self._ends.discard(writer)
            self._tasks.discard(task)

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
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        finally:
            far_writer.transport.abort()
            self._ends.discard(far_writer)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction until it ends, then end it in the same way on the other side."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
