"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from social.api.views import health, not_found

urlpatterns = [
    path("api/", include("social.accounts.urls")),
    path("api/", include("social.posts.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/<path:rest>", not_found),
    path("_allauth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health, name="health"),
]
