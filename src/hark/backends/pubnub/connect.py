"""What `connect/` answers: how a `pubnub` SDK connects, and its description in the schema."""

from dataclasses import dataclass

from rest_framework import serializers

from hark.backends.base import ConnectInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PubNubConnectInfo(ConnectInfo):
    """What a client of PubNub needs to connect."""

    origin: str
    ssl: bool
    subscribe_key: str
    user_id: str


class PubNubConnectSerializer(serializers.Serializer[None]):
    """How to connect with a `pubnub` SDK."""

    backend = serializers.ChoiceField(choices=["pubnub"])
    origin = serializers.CharField(help_text="Host and port, without a scheme.")
    ssl = serializers.BooleanField()
    subscribe_key = serializers.CharField()
    user_id = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    expires_in = serializers.IntegerField(
        help_text="Seconds until then; the client's clock may be wrong."
    )
    channels = serializers.ListField(child=serializers.CharField())
