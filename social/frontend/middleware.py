"""The front end's files, and headers that every answer carries."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from social.frontend.policy import content_security_policy

REFUSED_CODING = re.compile(r"[^,;]+;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)  # RFC 9110, 12.4.2


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves the files, and keeps the query where it sends somebody from `/post` to `/post/`."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        # WhiteNoise looks for the names of codings alone, and would send one that is refused.
        accepted = REFUSED_CODING.sub("", request.META.get("HTTP_ACCEPT_ENCODING", ""))
        request.META["HTTP_ACCEPT_ENCODING"] = accepted
        response: HttpResponse = WhiteNoiseMiddleware.serve(static_file, request)
        query = request.META.get("QUERY_STRING", "")
        if query and response.has_header("Location"):
            response["Location"] += f"?{query}"
        return response


class SecurityHeaders:
    """Adds the policy for answers without inline scripts, unless a page brought its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = content_security_policy(realtime_url=settings.REALTIME_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            # What it carries would replace the headers of the page that the browser has kept, and
            # with them the hashes of its scripts (RFC 9111, 3.2).
            return response
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response
