"""What holds for every request, before any view looks at it."""

import json
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers

from hark.api import whose


class PrivateAnswers:
    """Keeps caches from what belongs to one person: every answer but files and public pages.

    It is the outermost, so that errors are no exception, whoever answers with them.
    """

    PATHS = ("/api/", "/_allauth/", "/admin/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(self.PATHS):
            response.headers["Cache-Control"] = "private, no-store"
            patch_vary_headers(response, ["Cookie", "X-Session-Token", "Authorization"])
        return response


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


class SoundAuthBodies:
    """Refuses what django-allauth would fail on: JSON that Python cannot read or write again.

    Such are numbers of thousands of digits, nesting deeper than the stack, and half a surrogate.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/_allauth/") and not is_sound(request.body):
            error = {"code": "invalid", "message": "The body is no JSON that can be read."}
            return JsonResponse({"status": 400, "errors": [error]}, status=400)
        return self.get_response(request)


def is_sound(body: bytes) -> bool:
    """Return whether a body is empty, or JSON that is text through and through."""
    try:
        json.dumps(json.loads(body or b"null"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


class OneReader:
    """Keeps a page to the person it was loaded for, in all that the front end asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/api/", "/_allauth/")):
            return self.get_response(request)
        if whose.is_for_another(request, request.user):
            response: HttpResponse = JsonResponse({"detail": whose.SOMEBODY_ELSE}, status=412)
        else:
            response = self.get_response(request)
        whose.name_reader(response, request.user)
        return response
