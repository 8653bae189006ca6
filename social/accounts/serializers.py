from rest_framework import serializers

from social.accounts.models import User


class PersonSerializer(serializers.ModelSerializer[User]):
    """What everyone may know of someone."""

    name = serializers.CharField(source="username", read_only=True)

    class Meta:
        model = User
        fields = ["id", "name"]
        read_only_fields = fields


class MeSerializer(PersonSerializer):
    """What people see of themselves."""

    class Meta(PersonSerializer.Meta):
        fields = ["id", "name", "email"]
        read_only_fields = fields
