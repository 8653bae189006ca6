"""What a connection costs before anyone has written a line: an asyncio protocol on uvloop.

Run as: bare_protocol.py PORT
"""

import asyncio
import sys

import uvloop


class Bare(asyncio.Protocol):
    __slots__ = ("transport",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
