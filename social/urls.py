"""Which address leads where. WhiteNoise serves the front end's files before any of these."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from social.api.views import alive, not_found, ready
from social.frontend.views import page_not_found

urlpatterns = [
    path("api/", include("social.accounts.urls")),
    path("api/", include("social.posts.urls")),
    path("api/hark/", include("hark.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("api/<path:rest>", not_found),
    path("_allauth/", include("social.accounts.headless")),
    path("_allauth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
    path("healthz", alive),
    path("readyz", ready),
    re_path(r"^(?!admin$)", page_not_found),  # /admin is sent to /admin/ by CommonMiddleware
]
