"""The REST API: `path("api/hark/", include("hark.api.urls"))`."""

from django.apps import apps
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from hark.api.views import ConnectView, InboxViewSet, SubscribeView

if apps.is_installed("drf_spectacular"):
    from hark.api import openapi

    openapi.describe_views()

router = SimpleRouter()
router.register("inbox", InboxViewSet, basename="inbox")

app_name = "hark"
urlpatterns = [
    path("connect/", ConnectView.as_view(), name="connect"),
    path("subscribe/", SubscribeView.as_view(), name="subscribe"),
    path("", include(router.urls)),
]
