"""What the hub has done, for metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What the hub has done since it began."""

    publications: int = 0
    deliveries: int = 0
    bytes: int = 0
    """Of all deliveries, as they went out; of what is told of members too."""
    subscriptions: int = 0
    """Those that exist now."""
