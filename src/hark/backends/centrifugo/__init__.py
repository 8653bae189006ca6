"""Hark's gateway, or a Centrifugo server or cluster."""

from hark.backends.centrifugo.backend import CentrifugoBackend
from hark.backends.centrifugo.connect import CentrifugoConnectInfo
from hark.backends.centrifugo.options import CentrifugoOptions

__all__ = ["CentrifugoBackend", "CentrifugoConnectInfo", "CentrifugoOptions"]
