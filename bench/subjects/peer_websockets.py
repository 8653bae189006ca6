"""The `websockets` library at its fastest: its own broadcast(), uvloop, no compression, no pings.

Each line of standard input is broadcast to everyone. Run as: peer_websockets.py PORT
"""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

connections: set[ServerConnection] = set()


async def hold(connection: ServerConnection) -> None:
    connections.add(connection)
    await connection.wait_closed()
    connections.discard(connection)


async def main(port: int) -> None:
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    server = serve(hold, "127.0.0.1", port, compression=None, ping_interval=None, backlog=1024)
    async with server:
        async for line in lines:
            broadcast(connections, line.rstrip(b"\n").decode())


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
