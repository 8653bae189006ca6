"""The protocols that the gateway speaks: the one place, beside its own package, to name one."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Protocol
from .centrifuge.options import CentrifugeSections
from .centrifuge.protocol import Centrifuge
from .pubnub.door import PubNubDoor
from .pubnub.options import PubNubSections


@dataclass(frozen=True, kw_only=True)
class ProtocolSections(PubNubSections, CentrifugeSections):
    """Their sections of the configuration; those of the last base come first."""

    protocols: ClassVar[tuple[type[Protocol], ...]] = (Centrifuge, PubNubDoor)
