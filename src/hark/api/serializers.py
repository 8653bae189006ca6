"""What requests may hold. Answers are made by `hark.render`, described by `hark.api.openapi`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hark.channels import Channel
from hark.exceptions import BadChannel
from hark.inbox import MAX_NUMBER


class SubscribeSerializer(serializers.Serializer[None]):
    channel = serializers.CharField(max_length=200, help_text="As `namespace:key`.")

    def validate_channel(self, name: str) -> Channel:
        try:
            return Channel.parse(name)
        except BadChannel as error:
            raise serializers.ValidationError(str(error)) from error


class ReadAllSerializer(serializers.Serializer[None]):
    through = serializers.IntegerField(
        min_value=1, max_value=MAX_NUMBER, help_text="The id of the newest one that was shown."
    )
    modseq = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_NUMBER,
        help_text="The number that you hold: of what is older than `through`, all that came up to "
        "it was shown as well, also what came after `through`.",
    )


class SeenSerializer(ReadAllSerializer):
    through = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_NUMBER,
        help_text="As for `read-all/`; without it all are marked, also what came meanwhile.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "modseq" in given and "through" not in given:
            raise serializers.ValidationError({"through": [_("Give it beside `modseq`.")]})
        return given
