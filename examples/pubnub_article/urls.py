"""Where the page gets its token."""  # noqa: INP001

from django.urls import path
from news.views import notification_token

urlpatterns = [path("notifications/token/", notification_token)]
