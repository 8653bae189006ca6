"""Every option of the gateway, with its default. Names and meaning are Centrifugo's (version 6).

Where options come from, files and environment, is in `sources`.
"""

from dataclasses import dataclass, field

from .options import HealthOptions, PrometheusOptions, ServerSections
from .protocols.registry import ProtocolSections


@dataclass(frozen=True, kw_only=True)
class Config(ProtocolSections, ServerSections):
    """Everything: the server's sections, those of each protocol, and those of its own pages."""

    prometheus: PrometheusOptions = field(default_factory=PrometheusOptions)
    """Metrics."""
    health: HealthOptions = field(default_factory=lambda: HealthOptions(enabled=True))
    """Health page; on, unlike Centrifugo's."""
