"""A project with a REST_FRAMEWORK of its own; prints how Hark's API answers there, as JSON.

Run as a process of its own: REST framework's views take most settings up when they are imported.
"""

import json
import os
import sys
from typing import Any

import django
from django.conf import settings


def main() -> None:
    settings.configure(
        SECRET_KEY="a key that only this project knows, long enough",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="tests.hark.drf_parts",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
            "rest_framework.authtoken",
            "hark",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        **json.loads(os.environ["PROJECT_SETTINGS"]),
    )
    django.setup()
    print(json.dumps(answers()))  # noqa: T201


def answers() -> dict[str, Any]:
    from dataclasses import dataclass

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token
    from rest_framework.test import APIClient

    from hark import NotificationType, notify, register

    @register("greeting")
    @dataclass(frozen=True)
    class Greeting(NotificationType):
        text: str

        def title(self) -> str:
            return self.text

    call_command("migrate", verbosity=0)
    bo = User.objects.create_user("bo")
    notify(bo, Greeting(text="hello"))
    base = os.environ["PROJECT_PREFIX"]
    accept = os.environ["PROJECT_ACCEPT"]

    def ask(client: APIClient, method: str, place: str, body: Any = None, **headers: str) -> Any:
        headers = {"accept": accept, "x-csrftoken": csrf, **headers}
        options = {} if body is None else {"format": "json"}
        call = getattr(client, method)
        answer = call(f"{base}{place}", body, headers=headers, **options)
        return [answer.status_code, sorted(json.loads(answer.content or "{}"))]

    csrf = "c" * 32
    page = APIClient(enforce_csrf_checks=True)
    page.cookies["csrftoken"] = csrf
    page.force_login(bo)
    stranger = APIClient(enforce_csrf_checks=True)
    token, _ = Token.objects.get_or_create(user=bo)
    return {
        "stranger": ask(stranger, "get", "inbox/"),
        "session": ask(page, "get", "inbox/"),
        "session without CSRF token": ask(page, "post", "inbox/seen/", {}, **{"x-csrftoken": ""}),
        "changes": ask(page, "get", "inbox/changes/?since=0"),
        "start afresh": ask(page, "get", "inbox/changes/?since=900"),
        "bad question": ask(page, "get", "inbox/changes/"),
        "read": ask(page, "post", "inbox/1/read/"),
        "read all": ask(page, "post", "inbox/read-all/", {"through": 1}),
        "not there": ask(page, "post", "inbox/900/read/"),
        "connect": ask(page, "post", "connect/"),
        "subscribe": ask(page, "post", "subscribe/", {"channel": "nowhere:1"}),
        "bad channel": ask(page, "post", "subscribe/", {"channel": "?"}),
        "too deep": ask(page, "post", "subscribe/", [[]]) and deep(page, base, accept, csrf),
        "delete": ask(page, "delete", "inbox/1/"),
        "options": ask(page, "options", "inbox/"),
        "token": ask(stranger, "get", "inbox/", authorization=f"Token {token.key}"),
        "token beside a session": ask(
            page,
            "post",
            "inbox/seen/",
            {},
            **{"authorization": f"Token {token.key}", "x-csrftoken": ""},
        ),
    }


def deep(client: Any, base: str, accept: str, csrf: str) -> list[int]:
    """Return how bodies are answered that are nested too deeply, or too large."""
    headers = {"accept": accept, "x-csrftoken": csrf}
    return [
        client.post(
            f"{base}subscribe/", body, content_type="application/json", headers=headers
        ).status_code
        for body in (b"[" * 8_000, b'{"channel": "' + b"x" * 100_000 + b'"}')
    ]


if __name__ == "__main__":
    sys.exit(main())
