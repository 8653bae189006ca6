"""What `connect/` answers: how the `centrifuge` SDK connects, and its description in the schema."""

from dataclasses import dataclass

from rest_framework import serializers

from hark.backends.base import ConnectInfo

WEBSOCKET_PATH = "/connection/websocket"
"""Where the gateway and Centrifugo have it unless told otherwise, with other transports beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A way to connect, named as the `centrifuge` SDK names it."""

    transport: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CentrifugoConnectInfo(ConnectInfo):
    """How the `centrifuge` SDK connects: by the first transport that the network lets through.

    `emulation_endpoint` takes the commands of those that are not a WebSocket.
    """

    url: str
    transports: list[Transport]
    emulation_endpoint: str


class TransportSerializer(serializers.Serializer[None]):
    """A way to connect, as the `centrifuge` SDK takes it."""

    transport = serializers.ChoiceField(choices=["websocket", "http_stream", "sse"])
    endpoint = serializers.CharField()


class CentrifugoConnectSerializer(serializers.Serializer[None]):
    """How to connect with the `centrifuge` SDK."""

    backend = serializers.ChoiceField(choices=["centrifugo"])
    url = serializers.CharField()
    transports = TransportSerializer(
        many=True, help_text="The best first; the others where a network blocks it."
    )
    emulation_endpoint = serializers.CharField(
        help_text="Takes the commands of whoever has no WebSocket; empty if that is the only way."
    )
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    expires_in = serializers.IntegerField(
        help_text="Seconds until then; the client's clock may be wrong."
    )
    channels = serializers.ListField(child=serializers.CharField())


def transports(url: str) -> list[Transport]:
    """Return the ways to connect, the best first."""
    known = {
        "websocket": url,
        "http_stream": beside(url, "/connection/http_stream"),
        "sse": beside(url, "/connection/sse"),
    }
    return [Transport(transport=name, endpoint=each) for name, each in known.items() if each]


def beside(url: str, path: str) -> str | None:
    """Return where a server answers on `path` that has its WebSocket at `url`; None if unknown."""
    base = url.removesuffix(WEBSOCKET_PATH)
    return None if base == url else base.replace("ws", "http", 1) + path
