"""The server: puts the parts together, starts them, and stops them without losing anybody."""

import asyncio
import contextlib
import logging
import math
import resource
import socket
import time

from . import clock
from .auth import Verifier
from .config import Config
from .hub.hub import Hub
from .hub.options import Namespaces
from .hub.timers import TimerWheel
from .metrics import Metrics
from .net.http import JSON, Exchange, Host, Request, Route, Routes, call_soon
from .net.http_connection import HttpConnection
from .protocols.centrifuge.api import MAX_BODY_BYTES, ApiEndpoint
from .protocols.centrifuge.api_calls import Api
from .protocols.centrifuge.codes import SHUTDOWN
from .protocols.centrifuge.door import Door
from .protocols.centrifuge.origins import Origins
from .protocols.centrifuge.streams import (
    EmulationEndpoint,
    StreamEndpoint,
    UniWebSocketEndpoint,
)
from .protocols.centrifuge.websocket import WebSocketEndpoint
from .protocols.centrifuge.wire import HTTP_STREAM, SSE, UNI_HTTP_STREAM, UNI_SSE
from .protocols.pubnub.door import MAX_HEAD_BYTES, PubNubDoor
from .revocations import Revocations

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between looks at the deadlines of connections."""
SPARE_FILES = 64
"""Files that are not client connections, kept out of their count."""
DISCONNECTS_PER_SECOND = 1000
"""How fast clients are sent away when stopping, unless that would take longer than `MAX_SPREAD`."""
MAX_SPREAD = 1.0
"""Seconds between the first client sent away and the last. SDKs wait half a second to a second
before they return; whoever finds nothing then waits twice as long each time, so that those sent
away early would come late to the next gateway."""


class Gateway:
    """One server. Make it, `start` it in a running event loop, and `stop` it in the end."""

    _server: asyncio.Server
    _ticker: asyncio.Task[None]

    def __init__(self, config: Config) -> None:
        self.config = config
        self.hub = Hub(Namespaces(config.channel), call_soon)
        self.host = Host(
            routes=Routes(), wheel=TimerWheel(tick=TICK), max_connections=connection_limit(config)
        )
        client = config.client
        separate = client.subscription_token.enabled
        revocations = Revocations(time.time() if client.await_revocations else 0)
        verifier = Verifier(client.token, revocations)
        self.door = Door(
            self.hub,
            client,
            verifier,
            Verifier(client.subscription_token, revocations) if separate else verifier,
            self.host.turns,
        )
        self.api = Api(self.door, now=clock.now(), name=config.node.name or socket.gethostname())
        self.metrics = Metrics(self.hub, self.host, self.door, self.api)
        self.pubnub = (
            PubNubDoor(config.pubnub, self.hub, self.host.turns) if config.pubnub.enabled else None
        )
        self._add_routes()
        self.host.on_unknown = self._note_unknown

    def _add_routes(self) -> None:
        config, routes = self.config, self.host.routes.exact
        origins = Origins(config.client.allowed_origins, self.door.refusals)
        websocket = WebSocketEndpoint(self.door, config.websocket, origins)
        if not config.websocket.disabled:
            routes[config.websocket.handler_prefix.encode()] = Route(websocket)
        self._add_streams(origins)
        if self.pubnub is not None:
            self.pubnub.add_routes(self.host.routes)
            self.host.longest_head = MAX_HEAD_BYTES
        if not config.http_api.disabled:
            self._add_api(routes)
        if config.health.enabled:
            routes[config.health.handler_prefix.encode()] = Route(health)
        if config.prometheus.enabled:
            routes[config.prometheus.handler_prefix.encode()] = Route(self.metrics.page)

    def _add_api(self, routes: dict[bytes, Route]) -> None:
        options = self.config.http_api
        endpoint = ApiEndpoint(self.api, options, self.metrics.api_seconds.observe)
        for method in endpoint.methods():
            path = f"{options.handler_prefix}/{method}".encode()
            routes[path] = Route(endpoint, MAX_BODY_BYTES, admits=endpoint.is_authorized)

    def _add_streams(self, origins: Origins) -> None:
        config, routes = self.config, self.host.routes.exact
        for options, wire in (
            (config.http_stream, HTTP_STREAM),
            (config.sse, SSE),
            (config.uni_sse, UNI_SSE),
            (config.uni_http_stream, UNI_HTTP_STREAM),
        ):
            if options.enabled:
                endpoint = StreamEndpoint(self.door, origins, wire)
                route = Route(endpoint, options.max_request_body_size)
                routes[options.handler_prefix.encode()] = route
        if config.http_stream.enabled or config.sse.enabled:
            emulation = EmulationEndpoint(self.door, origins)
            route = Route(emulation, config.emulation.max_request_body_size)
            routes[config.emulation.handler_prefix.encode()] = route
        uni = config.uni_websocket
        if uni.enabled:
            socket = UniWebSocketEndpoint(self.door, origins, uni.message_size_limit)
            routes[uni.handler_prefix.encode()] = Route(socket)

    def _note_unknown(self, request: Request) -> None:
        path = request.path.decode("latin-1")
        reason = f"nothing answers on this path: {path!r}; is it enabled, and its prefix the same?"
        self.door.refusals.add(reason, now=clock.now())

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address cannot be used.
        """
        loop = asyncio.get_running_loop()
        http = self.config.http_server
        self._server = await loop.create_server(
            lambda: HttpConnection(self.host), http.address, http.port, backlog=4096
        )
        self._ticker = asyncio.create_task(self._tick())
        log.info("listening", extra={"address": http.address, "port": self.port})

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        refused = 0
        while True:
            now = clock.now()
            for connection in self.host.wheel.due(now):
                connection.tick(now)
            self.hub.sweep(now)
            self.door.refusals.sweep(now)
            if self.pubnub is not None:
                self.pubnub.sweep(now)
            if self.host.refused > refused:
                log.warning("too many connections", extra={"refused": self.host.refused})
                refused = self.host.refused
            began = loop.time()
            await asyncio.sleep(TICK)
            self.metrics.loop_lag.observe(max(loop.time() - began - TICK, 0))

    async def stop(self) -> None:
        """Stop listening, send the clients elsewhere, and wait a while until they have gone."""
        self.host.draining = True
        self._server.close()
        log.info("draining", extra={"connections": len(self.host.connections)})
        await self._send_away()
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        if self.pubnub is not None:
            self.pubnub.close()
        log.info("stopped")

    async def _send_away(self) -> None:
        if self.pubnub is not None:
            self.pubnub.drain()
        began = clock.now()
        await self._disconnect_spread()
        for connection in tuple(self.host.connections):
            if isinstance(connection, HttpConnection):
                connection.drain()
        if self.host.connections:
            left = self.config.shutdown.timeout - (clock.now() - began)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.host.empty.wait(), max(left, 0.1))
        for connection in tuple(self.host.connections):
            connection.abort()

    async def _disconnect_spread(self) -> None:
        """End all sessions over a while, so that they do not all come back at once."""
        sessions = tuple(self.door.clients)
        seconds = min(
            len(sessions) / DISCONNECTS_PER_SECOND, MAX_SPREAD, self.config.shutdown.timeout / 2
        )
        batch = max(math.ceil(len(sessions) * TICK / seconds), 1) if seconds else 1
        loop = asyncio.get_running_loop()
        due = loop.time()
        for start in range(0, len(sessions), batch):
            for session in sessions[start : start + batch]:
                session.disconnect(SHUTDOWN)
            due += TICK
            if start + batch < len(sessions):
                await asyncio.sleep(due - loop.time())


def connection_limit(config: Config) -> int:
    """Return how many connections fit into the open-file limit, or fewer if so configured."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    fitting = max(files - SPARE_FILES, 1)
    return min(config.client.connection_limit or fitting, fitting)


def health(_request: Request, exchange: Exchange) -> None:
    """Say that the server is alive."""
    exchange.respond(200, b"{}", JSON)
