"""Settings of the example: a small project for one machine."""  # noqa: INP001

import os
from pathlib import Path

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only for trying it out")
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "news"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("EXAMPLE_DATABASE", Path(__file__).parent / "db.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

PUBNUB = {
    "publish_key": os.environ.get("PUBNUB_PUBLISH_KEY", "pub-c-development"),
    "subscribe_key": os.environ.get("PUBNUB_SUBSCRIBE_KEY", "sub-c-development"),
    "secret_key": os.environ.get("PUBNUB_SECRET_KEY", "sec-c-development"),
    "origin": os.environ.get("PUBNUB_ORIGIN", "127.0.0.1:8001"),
    "ssl": os.environ.get("PUBNUB_SSL", "0") == "1",
    # Whether the page calls itself by the user's own id, which is not the one in its token.
    "plain_user_id": os.environ.get("PUBNUB_PLAIN_USER_ID", "0") == "1",
}
