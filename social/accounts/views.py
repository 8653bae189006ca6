from typing import cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import RetrieveAPIView

from social.accounts.models import User
from social.accounts.serializers import MeSerializer


@extend_schema_view(get=extend_schema(summary="Ask who is signed in"))
class Me(RetrieveAPIView[User]):
    """Whoever is signed in."""

    serializer_class = MeSerializer

    def get_object(self) -> User:
        return cast("User", self.request.user)
