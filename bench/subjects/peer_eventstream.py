"""django-eventstream on uvicorn: one channel, server-sent events; POST /publish sends to it.

Run as: uvicorn peer_eventstream:application
"""

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_eventstream"],
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
)
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django_eventstream import send_event  # noqa: E402


async def publish(request: HttpRequest) -> HttpResponse:
    send_event("all", "message", request.body.decode(), json_encode=False)
    return HttpResponse()


urlpatterns = [
    path("events/", include("django_eventstream.urls"), {"channels": ["all"]}),
    path("publish", publish),
]
application = get_asgi_application()
