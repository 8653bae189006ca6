"""`picows`, whose frames are made in C, on uvloop: a loop of send() over all transports.

Each line of standard input is sent to everyone. Run as: peer_picows.py PORT
"""

import asyncio
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

transports: set[WSTransport] = set()


class Reader(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        transports.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        pass

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        transports.discard(transport)


def welcome(_request: WSUpgradeRequest) -> WSListener:
    return Reader()


async def main(port: int) -> None:
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await ws_create_server(welcome, "127.0.0.1", port, backlog=1024)
    async for line in lines:
        text = line.rstrip(b"\n")
        for transport in transports:
            transport.send(WSMsgType.TEXT, text)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
