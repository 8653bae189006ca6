"""What the server is doing, in Prometheus' format.

Hot paths count in plain integers; they are read when somebody asks.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .hub.hub import Hub
from .net.http import Exchange, Host, Request

CONTENT_TYPE = ((b"Content-Type", b"text/plain; version=0.0.4; charset=utf-8"),)
PREFIX = "hark_gateway_"


class Metrics:
    """The page of metrics, and the figures that only time itself can tell.

    Args:
        collectors: Have further figures: the protocols.
    """

    def __init__(self, hub: Hub, host: Host, collectors: Iterable[Collector]) -> None:
        self._registry = CollectorRegistry()
        for collector in (Figures(hub, host), *collectors):
            self._registry.register(collector)
        self.loop_lag = Histogram(
            f"{PREFIX}event_loop_lag_seconds",
            "How late the event loop's own timer was.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self._registry,
        )

    def page(self, _request: Request, exchange: Exchange) -> None:
        """Answer with all figures."""
        exchange.respond(200, generate_latest(self._registry), CONTENT_TYPE)


class Figures(Collector):
    """Reads the counts of hub and server."""

    def __init__(self, hub: Hub, host: Host) -> None:
        self._hub = hub
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        host, hub, counts = self._host, self._hub, self._hub.counts
        yield from gauges(
            ("connections", "Open sockets.", len(host.connections)),
            ("subscriptions", "Subscriptions.", counts.subscriptions),
            ("channels", "Channels in memory.", len(hub)),
            ("queued_bytes", "Bytes that clients have not read yet.", host.queued_bytes()),
        )
        yield from totals(
            ("publications", "Publications.", counts.publications),
            ("deliveries", "Publications handed to subscribers.", counts.deliveries),
            ("delivered_bytes", "Bytes of those, framed.", counts.bytes),
            ("refused_connections", "Sockets turned away.", host.refused),
        )


def gauges(*figures: tuple[str, str, int]) -> Iterator[Metric]:
    """Yield what can go up and down, of names without `PREFIX`, texts and values."""
    for name, text, value in figures:
        yield GaugeMetricFamily(PREFIX + name, text, value)


def totals(*figures: tuple[str, str, int]) -> Iterator[Metric]:
    """Yield what only goes up, likewise."""
    for name, text, value in figures:
        yield CounterMetricFamily(PREFIX + name, text, value)


def by_label(*figures: tuple[str, str, str, Mapping[Any, int]]) -> Iterator[Metric]:
    """Yield totals that are counted apart, of names, texts, the label's name, and values."""
    for name, text, label, counter in figures:
        family = CounterMetricFamily(PREFIX + name, text, labels=[label])
        for key, value in tuple(counter.items()):
            family.add_metric([str(key).lower()], value)
        yield family
