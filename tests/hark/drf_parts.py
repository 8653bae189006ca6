"""Addresses of a project with a REST_FRAMEWORK of its own, and what that may name."""

from typing import Any

from django.urls import include, path
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import BaseThrottle


class ShoutingRenderer(JSONRenderer):
    """Changes every name of an answer, as a renderer for camelCase does."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return super().render({str(name).upper(): data[name] for name in data}, *args, **kwargs)


class NeverAgain(BaseThrottle):
    def allow_request(self, *_: Any) -> bool:
        return False


def loud(error: Exception, _: Any) -> Any:
    raise AssertionError("the project's own handler") from error


hark = include("hark.api.urls")
named = (hark[0], "hark")
urlpatterns = [
    path("api/hark/", hark),
    path("<str:version>/hark/", include(named, namespace="versioned")),
    path("<int:tenant>/<slug:team>/hark/", include(named, namespace="tenants")),
]
