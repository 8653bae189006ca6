"""What requests may hold. Answers are made by `hark.render`, described by `hark.api.openapi`."""

from rest_framework import serializers

from hark.channels import Channel
from hark.exceptions import BadChannel


class SubscribeSerializer(serializers.Serializer[None]):
    channel = serializers.CharField(max_length=200, help_text="As `namespace:key`.")

    def validate_channel(self, name: str) -> Channel:
        try:
            return Channel.parse(name)
        except BadChannel as error:
            raise serializers.ValidationError(str(error)) from error


class ReadAllSerializer(serializers.Serializer[None]):
    through = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of the newest one to mark."
    )
