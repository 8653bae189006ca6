"""Django Channels on uvicorn: one group, one consumer per socket; POST /publish sends to it.

CHANNEL_LAYER is JSON for CHANNEL_LAYERS["default"]. Run as: uvicorn peer_channels:application
"""

import json
import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": json.loads(os.environ["CHANNEL_LAYER"])},
    INSTALLED_APPS=["channels"],
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Reader(AsyncWebsocketConsumer):
    groups = ("all",)

    async def publication(self, event: dict[str, str]) -> None:
        await self.send(text_data=event["text"])


async def publish(request: HttpRequest) -> HttpResponse:
    message = {"type": "publication", "text": request.body.decode()}
    await get_channel_layer().group_send("all", message)
    return HttpResponse()


urlpatterns = [path("publish", publish)]
application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("", Reader.as_asgi())])}
)
