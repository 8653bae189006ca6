from typing import cast

from rest_framework.generics import RetrieveAPIView

from social.accounts.models import User
from social.accounts.serializers import MeSerializer


class Me(RetrieveAPIView[User]):
    """Whoever is signed in."""

    serializer_class = MeSerializer

    def get_object(self) -> User:
        return cast("User", self.request.user)
