"""What those who run the application rely on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from social import development
from social.accounts.models import User
from social.development import PUBNUB_KEYS, SECRETS, fill
from social.posts.models import Comment, Post
from social.run.elsewhere import needs_gateway


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_health_is_good_while_the_database_answers(client: Client, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_without_a_database_it_is_alive_and_not_ready(client: Client) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    with connection.execute_wrapper(refuse):
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


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
    done = run_check(**DEPLOYED, HARK_URL="wss://example.org/connection/websocket")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", [*DEPLOYED, "DATABASE_URL"])
def test_a_secret_that_is_not_set_is_named_instead_of_made_up(missing: str) -> None:
    done = run_check(**(DEPLOYED | {missing: ""}))
    assert done.returncode != 0
    assert f"Set {missing} in the environment" in done.stderr


def run_manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py`, as an operator does, with nothing but these settings in the environment."""
    return subprocess.run(
        [sys.executable, str(settings.ROOT / "manage.py"), *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(settings.ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


WITH_DATABASE = DEPLOYED | {"DATABASE_URL": "sqlite://"}
SETTINGS = ["DEBUG", "SECRET_KEY", "EMAIL_BACKEND", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT"]


def shown_by_manage(**environment: str) -> dict[str, str]:
    """Return settings as `manage.py` has them."""
    show = f"from django.conf import settings; print(*(getattr(settings, n) for n in {SETTINGS}))"
    done = run_manage("shell", "--no-imports", "-c", show, **environment)
    assert done.returncode == 0, done.stderr
    return dict(zip(SETTINGS, done.stdout.split(), strict=True))


def test_manage_in_a_deployment_is_the_deployment() -> None:
    shown = shown_by_manage(**WITH_DATABASE)
    assert shown == {
        "DEBUG": "False",
        "SECRET_KEY": DEPLOYED["DJANGO_SECRET_KEY"],
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "SESSION_COOKIE_SECURE": "True",
        "SECURE_SSL_REDIRECT": "True",
    }


@pytest.mark.parametrize("missing", sorted(WITH_DATABASE))
@pytest.mark.parametrize("command", [["hark", "relay"], ["migrate"]], ids=" ".join)
def test_manage_stops_where_something_is_missing_and_names_it(
    command: list[str], missing: str
) -> None:
    done = run_manage(*command, **(WITH_DATABASE | {missing: ""}))
    assert done.returncode != 0
    assert done.stderr.startswith(f"manage.py: Set {missing} in the environment.")
    assert "Traceback" not in done.stderr


def test_manage_is_in_development_if_asked_to_be() -> None:
    shown = shown_by_manage(DJANGO_DEBUG="1", DATABASE_URL="sqlite://", DJANGO_SECRET_KEY="short")
    assert (shown["DEBUG"], shown["SECRET_KEY"]) == ("True", "short")
    assert "filebased" in shown["EMAIL_BACKEND"]


@pytest.mark.parametrize("name", ["EMAIL_PORT", "WRITES_PER_MINUTE", "DJANGO_TRUSTED_PROXIES"])
def test_a_number_that_is_none_is_named(name: str) -> None:
    done = run_manage("check", **(WITH_DATABASE | {name: "many"}))
    assert done.stderr.startswith(f"manage.py: {name}=many: give a whole number.")


ON_PUBNUB = {
    "DJANGO_SECRET_KEY": DEPLOYED["DJANGO_SECRET_KEY"],
    "DJANGO_ALLOWED_HOSTS": "example.org",
    "HARK_BACKEND": "pubnub",
    "PUBNUB_PUBLISH_KEY": "pub-c-1",
    "PUBNUB_SUBSCRIBE_KEY": "sub-c-1",
    "PUBNUB_SECRET_KEY": "sec-c-1",
}


def test_a_deployment_on_pubnub_needs_its_keys_and_no_others() -> None:
    done = run_check(**ON_PUBNUB)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", PUBNUB_KEYS)
def test_a_key_of_pubnubs_that_is_not_set_is_named(missing: str) -> None:
    done = run_check(**(ON_PUBNUB | {missing: ""}))
    assert done.returncode != 0
    assert f"Set {missing} in the environment" in done.stderr


def test_a_backend_that_there_is_not_is_named() -> None:
    done = run_check(**(DEPLOYED | {"HARK_BACKEND": "pigeons"}))
    assert done.returncode != 0
    assert "HARK_BACKEND=pigeons: use centrifugo or pubnub" in done.stderr


MADE_UP = {name: f"made up {name}" for name in SECRETS}


def test_without_keys_pubnub_is_our_own_gateway_with_keys_made_up() -> None:
    environment = {"GATEWAY_PORT": "9001", "HARK_BACKEND": "pubnub"}
    fill(environment, MADE_UP)
    assert environment["PUBNUB_ORIGIN"] == "127.0.0.1:9001"
    assert all(environment[name] == MADE_UP[name] for name in PUBNUB_KEYS)
    assert needs_gateway(environment)


@pytest.mark.parametrize("given", PUBNUB_KEYS)
def test_a_key_of_pubnubs_is_never_joined_by_made_up_ones(given: str) -> None:
    environment = {"GATEWAY_PORT": "9001", "HARK_BACKEND": "pubnub", given: "its own"}
    fill(environment, MADE_UP)
    assert {name: environment.get(name) for name in PUBNUB_KEYS if name in environment} == {
        given: "its own"
    }
    assert not needs_gateway(environment)


def test_secrets_that_are_new_join_those_kept_from_an_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(development, "DATA", tmp_path)
    (tmp_path / "secrets.json").write_text('{"HARK_API_KEY": "kept"}')
    first = development.lasting_secrets()
    assert first["HARK_API_KEY"] == "kept"
    assert set(first) == set(SECRETS)
    assert development.lasting_secrets() == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
