"""The API's shapes. `hark.render` makes the answers; these describe them and check requests."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_serializer
from rest_framework import serializers

from hark.channels import Channel
from hark.exceptions import BadChannel


@extend_schema_serializer(component_name="Actor")
class ActorSerializer(serializers.Serializer[None]):
    id = serializers.CharField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="InboxItem")
class ItemSerializer(serializers.Serializer[None]):
    """A notification."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    actor = ActorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(
        allow_null=True, help_text="Set: remove it from the screen; its text is gone."
    )
    modseq = serializers.IntegerField(
        help_text="The number of its last change; 0 until its arrival is numbered."
    )
    data = serializers.DictField()  # type: ignore[assignment]  # the name is the contract's


@extend_schema_serializer(component_name="InboxCounts")
class CountsSerializer(serializers.Serializer[None]):
    """Exact to 99; 100 means more than 99."""

    unread = serializers.IntegerField(min_value=0, max_value=100)
    unseen = serializers.IntegerField(min_value=0, max_value=100)


@extend_schema_serializer(component_name="InboxPage", many=False)
class PageSerializer(serializers.Serializer[None]):
    """Some of an inbox, newest first."""

    results = ItemSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the page that follows.")
    modseq = serializers.IntegerField(help_text="How far the log goes: follow it from here.")
    counts = CountsSerializer()


@extend_schema_serializer(component_name="InboxChanges")
class ChangesSerializer(serializers.Serializer[None]):
    """What changed, in the order of modseq."""

    items = ItemSerializer(many=True)
    modseq = serializers.IntegerField(help_text="Ask for what follows this number next.")
    counts = CountsSerializer()
    more = serializers.BooleanField(help_text="Whether there is more to ask for at once.")


@extend_schema_serializer(component_name="InboxPush")
class PushSerializer(serializers.Serializer[None]):
    """What is published on `inbox:<user>`.

    A client at `since` or beyond applies it; one that is not that far has missed something and asks
    for `inbox/changes/`. Where too much changed to send, `items` is empty and `since` is `modseq`.
    """

    since = serializers.IntegerField()
    modseq = serializers.IntegerField()
    items = ItemSerializer(many=True)
    counts = CountsSerializer()


class CentrifugoConnectSerializer(serializers.Serializer[None]):
    """How to connect with the `centrifuge` SDK."""

    backend = serializers.ChoiceField(choices=["centrifugo"])
    url = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    channels = serializers.ListField(child=serializers.CharField())


class PubNubConnectSerializer(serializers.Serializer[None]):
    """How to connect with a `pubnub` SDK."""

    backend = serializers.ChoiceField(choices=["pubnub"])
    origin = serializers.CharField(help_text="Host and port, without a scheme.")
    ssl = serializers.BooleanField()
    subscribe_key = serializers.CharField()
    user_id = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    channels = serializers.ListField(child=serializers.CharField())


ConnectSerializer = PolymorphicProxySerializer(
    component_name="Connect",
    serializers={"centrifugo": CentrifugoConnectSerializer, "pubnub": PubNubConnectSerializer},
    resource_type_field_name="backend",
)


class SubscribeSerializer(serializers.Serializer[None]):
    channel = serializers.CharField(max_length=200, help_text="As `namespace:key`.")

    def validate_channel(self, name: str) -> Channel:
        try:
            return Channel.parse(name)
        except BadChannel as error:
            raise serializers.ValidationError(str(error)) from error


class SubscriptionSerializer(serializers.Serializer[None]):
    """What opens one more channel to a connected client."""

    channel = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="InboxReadAll")
class ReadAllSerializer(serializers.Serializer[None]):
    through = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of the newest one to mark."
    )


@extend_schema_serializer(component_name="HarkError")
class ErrorSerializer(serializers.Serializer[None]):
    detail = serializers.CharField()
