"""A project with Django's own User and its integer keys; prints what its reader gets, as JSON.

Run as a process of its own, since a process has one AUTH_USER_MODEL.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import dj_database_url
import django
from django.conf import settings


def main() -> None:
    configure()
    print(json.dumps(tell_bo()))  # noqa: T201


def configure(apps: Sequence[str] = (), **more: Any) -> None:
    """Set up Django with the fewest settings, these apps and these settings added."""
    settings.configure(
        **{"USE_TZ": True} | more,
        SECRET_KEY="a key that only this project knows, long enough",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="hark.api.urls",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
            *apps,
            "hark",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"])},
        HARK={
            "OPTIONS": {
                "api_url": "http://127.0.0.1:9/api",
                "api_key": "key",
                "token_secret": "s" * 32,
                "url": "ws://127.0.0.1:9/connection/websocket",
            }
        },
    )
    django.setup()


def tell_bo() -> object:
    from dataclasses import dataclass

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.test import APIClient

    from hark import NotificationType, notify, register
    from hark.relay.lease import SingleRunner
    from hark.relay.loop import Relay
    from tests.hark.recording import RecordingBackend

    @register("greeting")
    @dataclass(frozen=True)
    class Greeting(NotificationType):
        by: User

        def title(self) -> str:
            return f"{self.by} says hello"

        def actor(self) -> User:
            return self.by

    call_command("migrate", verbosity=0)
    call_command("check", stdout=sys.stderr)
    ana = User.objects.create_user("ana", first_name="Ana")
    bo = User.objects.create_user("bo")
    notify(User.objects.all(), Greeting(by=ana))
    backend = RecordingBackend()
    relay = Relay(backend, SingleRunner())
    while relay.work():
        pass
    client = APIClient()
    stranger = client.get("/inbox/").status_code
    client.force_login(bo)
    page = client.get("/inbox/").json()
    client.post(f"/inbox/{page['results'][0]['id']}/read/")
    while relay.work():
        pass
    channels = client.post("/connect/").json()["channels"]
    return {
        "stranger": stranger,
        "page": page,
        "channels": channels,
        "pushes": backend.published,
        "bo": bo.pk,
        "ana": ana.pk,
    }


if __name__ == "__main__":
    sys.exit(main())
