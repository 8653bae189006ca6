"""The server: puts the parts together, starts them, and stops them without losing anybody."""

import asyncio
import contextlib
import logging
import resource
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
from .protocols.base import Context
from .refusals import Refusals
from .revocations import Revocations

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between looks at the deadlines of connections."""
SPARE_FILES = 64
"""Files that are not client connections, kept out of their count."""


class Gateway:
    """One server. Make it, `start` it in a running event loop, and `stop` it in the end."""

    _server: asyncio.Server
    _ticker: asyncio.Task[None]

    def __init__(self, config: Config) -> None:
        self.config = config
        self.hub = Hub(Namespaces(config.channel), call_soon, time.monotonic)
        self.host = Host(
            routes=Routes(), wheel=TimerWheel(tick=TICK), max_connections=connection_limit(config)
        )
        context = self._context()
        self.protocols = tuple(
            protocol(config, context)
            for protocol in config.protocols
            if protocol.is_enabled(config)
        )
        self.metrics = Metrics(self.hub, self.host, self.protocols)
        self.refusals = Refusals("client refused")
        self._add_routes()
        self.host.on_unknown = self._note_unknown

    def _context(self) -> Context:
        client = self.config.client
        revocations = Revocations(time.time() if client.await_revocations else 0)
        verifier = Verifier(client.token, revocations)
        separate = client.subscription_token
        return Context(
            hub=self.hub,
            host=self.host,
            server=self.config,
            verifier=verifier,
            subscription_verifier=(
                Verifier(separate, revocations) if separate.enabled else verifier
            ),
        )

    def _add_routes(self) -> None:
        config, routes = self.config, self.host.routes
        for protocol in self.protocols:
            protocol.add_routes(routes)
        self.host.longest_head = max(self.host.longest_head, routes.longest_head)
        if config.health.enabled:
            routes.exact[config.health.handler_prefix.encode()] = Route(health)
        if config.prometheus.enabled:
            routes.exact[config.prometheus.handler_prefix.encode()] = Route(self.metrics.page)

    def _note_unknown(self, request: Request) -> None:
        path = request.path.decode("latin-1")
        reason = f"nothing answers on this path: {path!r}; is it enabled, and its prefix the same?"
        self.refusals.add(reason, now=clock.now())

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
            self.refusals.sweep(now)
            for protocol in self.protocols:
                protocol.sweep(now)
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
        for protocol in self.protocols:
            protocol.close()
        log.info("stopped")

    async def _send_away(self) -> None:
        began, timeout = clock.now(), self.config.shutdown.timeout
        await asyncio.gather(*(protocol.drain(timeout) for protocol in self.protocols))
        for connection in tuple(self.host.connections):
            if isinstance(connection, HttpConnection):
                connection.drain()
        if self.host.connections:
            left = timeout - (clock.now() - began)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.host.empty.wait(), max(left, 0.1))
        for connection in tuple(self.host.connections):
            connection.abort()


def connection_limit(config: Config) -> int:
    """Return how many connections fit into the open-file limit, or fewer if so configured."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    fitting = max(files - SPARE_FILES, 1)
    return min(config.client.connection_limit or fitting, fitting)


def health(_request: Request, exchange: Exchange) -> None:
    """Say that the server is alive."""
    exchange.respond(200, b"{}", JSON)
