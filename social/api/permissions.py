"""What people may do with what others wrote."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsAuthorOrReadOnly(BasePermission):
    """Everyone may read; only whoever wrote it may change or delete it."""

    message = "Only its author may change this."

    def has_object_permission(self, request: Request, _: APIView, written: Any) -> bool:
        return request.method in SAFE_METHODS or bool(written.author_id == request.user.pk)
