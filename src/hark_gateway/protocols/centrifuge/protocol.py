"""The Centrifuge protocol as the server sees it: its paths, its end, its figures."""

import asyncio
import math
import socket
from collections.abc import Iterator

from prometheus_client import Histogram
from prometheus_client.core import Metric

from hark_gateway import clock
from hark_gateway.metrics import PREFIX, by_label, gauges, totals
from hark_gateway.net.http import Route, Routes
from hark_gateway.protocols.base import Context, Protocol

from .api import MAX_BODY_BYTES, ApiEndpoint
from .api_calls import Api
from .codes import SHUTDOWN
from .door import Door
from .options import CentrifugeSections
from .origins import Origins
from .streams import EmulationEndpoint, StreamEndpoint, UniWebSocketEndpoint
from .websocket import WebSocketEndpoint
from .wire import HTTP_STREAM, SSE, UNI_HTTP_STREAM, UNI_SSE

DISCONNECTS_PER_SECOND = 1000
"""How fast clients are sent away when stopping, unless that would take longer than `MAX_SPREAD`."""
MAX_SPREAD = 1.0
"""Seconds between the first client sent away and the last. SDKs wait half a second to a second
before they return; whoever finds nothing then waits twice as long each time, so that those sent
away early would come late to the next gateway."""
STEP = 0.1
"""Seconds between two groups that are sent away."""


class Centrifuge(Protocol):
    """Clients on every transport of the protocol, and the server API."""

    sections = CentrifugeSections
    in_centrifugo = True

    def __init__(self, config: CentrifugeSections, context: Context) -> None:
        client = context.server.client
        self._config = config
        self.door = Door(
            context.hub,
            client,
            context.verifier,
            context.subscription_verifier,
            context.host.turns,
        )
        self._origins = Origins(client.allowed_origins, self.door.refusals)
        name = context.server.node.name or socket.gethostname()
        self._api = Api(self.door, now=clock.now(), name=name)
        self._api_seconds = Histogram(
            f"{PREFIX}api_call_seconds",
            "From an API call's arrival to the last write that it caused.",
            buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1),
            registry=None,
        )

    def add_routes(self, routes: Routes) -> None:
        """Add a path for each transport, and one for each call of the API."""
        websocket = self._config.websocket
        if not websocket.disabled:
            endpoint = WebSocketEndpoint(self.door, websocket, self._origins)
            routes.exact[websocket.handler_prefix.encode()] = Route(endpoint)
        self._add_streams(routes)
        if not self._config.http_api.disabled:
            self._add_api(routes)

    def _add_streams(self, routes: Routes) -> None:
        config = self._config
        for options, wire in (
            (config.http_stream, HTTP_STREAM),
            (config.sse, SSE),
            (config.uni_sse, UNI_SSE),
            (config.uni_http_stream, UNI_HTTP_STREAM),
        ):
            if options.enabled:
                endpoint = StreamEndpoint(self.door, self._origins, wire)
                route = Route(endpoint, options.max_request_body_size)
                routes.exact[options.handler_prefix.encode()] = route
        if config.http_stream.enabled or config.sse.enabled:
            emulation = EmulationEndpoint(self.door, self._origins)
            route = Route(emulation, config.emulation.max_request_body_size)
            routes.exact[config.emulation.handler_prefix.encode()] = route
        uni = config.uni_websocket
        if uni.enabled:
            uni_websocket = UniWebSocketEndpoint(self.door, self._origins, uni.message_size_limit)
            routes.exact[uni.handler_prefix.encode()] = Route(uni_websocket)

    def _add_api(self, routes: Routes) -> None:
        options = self._config.http_api
        endpoint = ApiEndpoint(self._api, options, self._api_seconds.observe)
        for method in endpoint.methods():
            path = f"{options.handler_prefix}/{method}".encode()
            routes.exact[path] = Route(endpoint, MAX_BODY_BYTES, admits=endpoint.is_authorized)

    def sweep(self, now: float) -> None:
        """Have the log tell of refusals that have come up again."""
        self.door.refusals.sweep(now)

    async def drain(self, seconds: float) -> None:
        """End all sessions over a while, so that they do not all come back at once."""
        sessions = tuple(self.door.clients)
        spread = min(len(sessions) / DISCONNECTS_PER_SECOND, MAX_SPREAD, seconds / 2)
        batch = max(math.ceil(len(sessions) * STEP / spread), 1) if spread else 1
        loop = asyncio.get_running_loop()
        due = loop.time()
        for start in range(0, len(sessions), batch):
            for session in sessions[start : start + batch]:
                session.disconnect(SHUTDOWN)
            due += STEP
            if start + batch < len(sessions):
                await asyncio.sleep(due - loop.time())

    def collect(self) -> Iterator[Metric]:
        """Yield what is counted of clients, their commands, and calls of the API."""
        clients, counts, api = self.door.clients, self.door.counts, self._api.counts
        yield from gauges(
            ("clients", "Clients that have connected.", len(clients)),
            ("users", "Different users among them.", clients.users),
        )
        yield from totals(("connected", "Clients that ever connected.", counts.connected))
        yield from by_label(
            ("commands", "Commands of clients.", "method", counts.commands),
            ("errors", "Commands answered with an error.", "code", counts.errors),
            ("disconnects", "Connections that the server ended.", "code", counts.disconnects),
            ("unsubscribes", "Subscriptions that the server ended.", "code", counts.unsubscribes),
            ("recoveries", "Subscribers that came back.", "recovered", counts.recoveries),
            ("api_calls", "Calls of the server API.", "method", api.calls),
            ("api_errors", "Calls answered with an error.", "code", api.errors),
        )
        yield from self._api_seconds.collect()
