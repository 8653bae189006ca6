"""What all views of the API have in common, whatever REST_FRAMEWORK says for a project's own.

Clients are written against one form of requests and answers, so a project's versioning, renderers,
parsers, error handler and throttles do not apply here. Who may come in does follow the project.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from rest_framework import status
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView, exception_handler

from hark.api import whose
from hark.api.parsers import BoundedFormParser, BoundedJSONParser, BoundedMultiPartParser
from hark.conf import settings


@cache
def authentication_classes() -> Sequence[type[BaseAuthentication]]:
    """Return HARK["AUTHENTICATION_CLASSES"]; if empty, the project's own, and sessions.

    The project's come first, so that a request that carries both a token and a cookie is judged by
    the token and needs no CSRF token.
    """
    if given := settings().AUTHENTICATION_CLASSES:
        return [import_string(path) for path in given]
    own: list[Any] = list(api_settings.DEFAULT_AUTHENTICATION_CLASSES)
    if any(issubclass(each, SessionAuthentication) for each in own):
        return own
    return [*own, SessionAuthentication]


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    """Let tests override HARK and REST_FRAMEWORK."""
    if setting in ("HARK", "REST_FRAMEWORK"):
        authentication_classes.cache_clear()


class AlwaysJSON(DefaultContentNegotiation):
    """Answers in JSON, also where a project's clients ask for a media type of its own."""

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        (renderer,) = renderers
        return renderer, renderer.media_type


class AnotherReader(APIException):
    """The page that asks was loaded for somebody else."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = whose.SOMEBODY_ELSE
    default_code = "another_reader"


class ReaderView(APIView):
    """A view for the signed-in reader; anybody else gets 401."""

    permission_classes = [IsAuthenticated]
    parser_classes = [BoundedJSONParser, BoundedFormParser, BoundedMultiPartParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJSON
    metadata_class = SimpleMetadata
    throttle_classes = []
    versioning_class = None

    def dispatch(self, request: Any, *_: Any, **kwargs: Any) -> HttpResponseBase:
        # What else the project's own prefix captures, such as a version, is nothing to a method.
        return super().dispatch(request, **{name: kwargs[name] for name in kwargs if name == "pk"})

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [each() for each in authentication_classes()]

    def get_authenticate_header(self, request: Request) -> str:
        # Without one, REST framework turns "who are you?" into 403 "you may not".
        return super().get_authenticate_header(request) or "Session"

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if whose.is_for_another(request, request.user):
            raise AnotherReader

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        whose.name_reader(response, request.user)
        final = super().finalize_response(request, response, *args, **kwargs)
        keep_from_caches(final)
        return final


def keep_from_caches(response: HttpResponseBase) -> None:
    """Say that an answer is one person's: none may keep it or give it to another (RFC 9111)."""
    response.headers["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ["Cookie", "Authorization", whose.HEADER])
