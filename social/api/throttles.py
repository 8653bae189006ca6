"""How much one person may write."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:  # it reads the settings, and they name this module
    from rest_framework.views import APIView


class WriteThrottle(UserRateThrottle):
    """Counts only what changes something: each comment rings a bell on somebody's screen."""

    scope = "write"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)
