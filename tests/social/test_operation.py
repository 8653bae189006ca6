"""What those who run the application rely on."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from social.accounts.models import User
from social.posts.models import Comment, Post


@pytest.mark.django_db
def test_health_is_good_while_the_database_answers(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_health_is_bad_while_the_database_does_not(client: Client) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    with connection.execute_wrapper(refuse):
        assert client.get("/healthz").status_code == 503


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("model", [User, Post, Comment])
def test_the_admin_lists_and_shows_everything(
    admin_client: Client, ana: User, biscuits: Comment, model: type
) -> None:
    label = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for url in ("", "?q=a", "add/", f"{model.objects.first().pk}/change/"):
        assert admin_client.get(label + url).status_code == 200, url


@pytest.mark.django_db
def test_the_admin_is_closed_to_everyone_else(as_bo: Client) -> None:
    answer = as_bo.get("/admin/posts/post/")
    assert (answer.status_code, answer["Location"][:13]) == (302, "/admin/login/")


def run_check(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run `check --deploy` with nothing but these settings in the environment."""
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level=WARNING"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(settings.ROOT),
            "DJANGO_SETTINGS_MODULE": "social.settings",
            "DATABASE_URL": "sqlite://",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


DEPLOYED = {
    "DJANGO_SECRET_KEY": "".join(chr(33 + number % 90) for number in range(80)),
    "DJANGO_ALLOWED_HOSTS": "example.org",
    "HARK_API_KEY": "k" * 32,
    "HARK_TOKEN_SECRET": "s" * 32,
}


def test_a_deployment_that_sets_what_it_must_has_nothing_to_be_warned_of() -> None:
    done = run_check(**DEPLOYED)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", ["DJANGO_SECRET_KEY", "HARK_API_KEY", "HARK_TOKEN_SECRET"])
def test_a_secret_that_is_not_set_is_named_instead_of_made_up(missing: str) -> None:
    done = run_check(**(DEPLOYED | {missing: ""}))
    assert done.returncode != 0
    assert f"Set {missing} in the environment" in done.stderr
