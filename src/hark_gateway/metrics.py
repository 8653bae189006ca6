"""What the server is doing, in Prometheus' format.

Hot paths count in plain integers; they are read when somebody asks.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .hub.hub import Hub
from .net.http import Exchange, Host, Request
from .protocols.centrifuge.api_calls import Api
from .protocols.centrifuge.door import Door

CONTENT_TYPE = ((b"Content-Type", b"text/plain; version=0.0.4; charset=utf-8"),)
PREFIX = "hark_gateway_"


class Metrics:
    """The page of metrics, and the figures that only time itself can tell."""

    def __init__(self, hub: Hub, host: Host, door: Door, api: Api) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Figures(hub, host, door, api))
        self.loop_lag = Histogram(
            f"{PREFIX}event_loop_lag_seconds",
            "How late the event loop's own timer was.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self._registry,
        )
        self.api_seconds = Histogram(
            f"{PREFIX}api_call_seconds",
            "From an API call's arrival to the last write that it caused.",
            buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1),
            registry=self._registry,
        )

    def page(self, _request: Request, exchange: Exchange) -> None:
        """Answer with all figures."""
        exchange.respond(200, generate_latest(self._registry), CONTENT_TYPE)


class Figures(Collector):
    """Reads the counts that the parts keep."""

    def __init__(self, hub: Hub, host: Host, door: Door, api: Api) -> None:
        self._hub = hub
        self._host = host
        self._door = door
        self._api = api

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield from self._gauges()
        yield from self._totals()
        yield from self._by_label()

    def _gauges(self) -> Iterator[Metric]:
        host, hub, door = self._host, self._hub, self._door
        gauges: list[tuple[str, str, Callable[[], int]]] = [
            ("connections", "Open sockets.", lambda: len(host.connections)),
            ("clients", "Clients that have connected.", lambda: len(door.clients)),
            ("users", "Different users among them.", lambda: door.clients.users),
            ("subscriptions", "Subscriptions.", lambda: hub.counts.subscriptions),
            ("channels", "Channels in memory.", lambda: len(hub)),
            ("queued_bytes", "Bytes that clients have not read yet.", host.queued_bytes),
        ]
        for name, text, read in gauges:
            yield GaugeMetricFamily(PREFIX + name, text, read())

    def _totals(self) -> Iterator[Metric]:
        counts = self._hub.counts
        for name, text, value in (
            ("publications", "Publications.", counts.publications),
            ("deliveries", "Publications handed to subscribers.", counts.deliveries),
            ("delivered_bytes", "Bytes of those, framed.", counts.bytes),
            ("connected", "Clients that ever connected.", self._door.counts.connected),
            ("refused_connections", "Sockets turned away.", self._host.refused),
        ):
            yield CounterMetricFamily(PREFIX + name, text, value)

    def _by_label(self) -> Iterator[Metric]:
        counts = self._door.counts
        for name, text, label, counter in (
            ("commands", "Commands of clients.", "method", counts.commands),
            ("errors", "Commands answered with an error.", "code", counts.errors),
            ("disconnects", "Connections that the server ended.", "code", counts.disconnects),
            ("unsubscribes", "Subscriptions that the server ended.", "code", counts.unsubscribes),
            ("recoveries", "Subscribers that came back.", "recovered", counts.recoveries),
            ("api_calls", "Calls of the server API.", "method", self._api.counts.calls),
            ("api_errors", "Calls answered with an error.", "code", self._api.counts.errors),
        ):
            family = CounterMetricFamily(PREFIX + name, text, labels=[label])
            for key, value in tuple(counter.items()):
                family.add_metric([str(key).lower()], value)
            yield family
