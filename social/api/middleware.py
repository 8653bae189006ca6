"""Limits that hold before any view looks at a request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse


class BoundedBodies:
    """Refuses, unread, a body above DATA_UPLOAD_MAX_MEMORY_SIZE; DRF reads streams past that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length.isdecimal() and int(length) > limit:
            return JsonResponse({"detail": f"At most {limit} bytes can be sent."}, status=413)
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for parsers that are not ours: JSON nested deeper than Python's stack."""
        if isinstance(exception, RecursionError):
            return JsonResponse({"detail": "The body is nested too deeply."}, status=400)
        return None
