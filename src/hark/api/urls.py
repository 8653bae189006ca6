"""The REST API: `path("api/hark/", include("hark.api.urls"))`."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from hark.api.views import ConnectView, InboxViewSet

router = SimpleRouter()
router.register("inbox", InboxViewSet, basename="inbox")

app_name = "hark"
urlpatterns = [
    path("connect/", ConnectView.as_view(), name="connect"),
    path("", include(router.urls)),
]
