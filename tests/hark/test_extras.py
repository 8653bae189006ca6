"""What is said where a library of an extra is not installed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection

pytestmark = pytest.mark.own_databases


SETTINGS = """
SECRET_KEY = "a key that only this project knows, long enough"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "hark"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
"""
CENTRIFUGO = """
OPTIONS = {"api_url": "http://127.0.0.1:9/api", "url": "ws://127.0.0.1:9/", "api_key": "key"}
HARK = {"OPTIONS": OPTIONS | {"token_secret": "s" * 32}}
"""
PUBNUB = 'HARK = {"BACKEND": "hark.backends.pubnub.PubNubBackend"}'


def without(libraries: list[str], folder: Path, *command: str, hark: str = CENTRIFUGO) -> str:
    """Run a command that fails where these libraries cannot be found; return what it says."""
    (folder / "sitecustomize.py").write_text(
        f"import sys; sys.modules.update(dict.fromkeys({libraries}))"
    )
    (folder / "the_settings.py").write_text(SETTINGS + hark)
    paths = [str(folder), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=os.environ | {"PYTHONPATH": ":".join(paths), "DJANGO_SETTINGS_MODULE": "the_settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize(
    "library",
    ["cbor2", "cryptography", "httptools", "msgspec", "prometheus_client", "uvloop", "yaml"],
)
def test_the_gateway_says_which_extra_it_is(library: str, tmp_path: Path) -> None:
    said = without([library], tmp_path, "hark_gateway")
    assert said.startswith(f"hark-gateway: {library}")
    assert said.endswith("pip install 'django-hark[gateway]'\n")
    assert said.count("\n") == 1


def test_the_gateway_as_a_command_of_django_says_so_too(tmp_path: Path) -> None:
    said = without(["uvloop"], tmp_path, "django", "hark", "gateway")
    assert "\nhark-gateway: uvloop is not installed" in f"\n{said}"
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["check", "hark gateway", "hark relay", "hark doctor"])
def test_the_pubnub_backend_says_which_extra_it_needs(command: str, tmp_path: Path) -> None:
    said = without(["pubnub"], tmp_path, "django", *command.split(), hark=PUBNUB)
    assert "hark.E004" in said
    assert "pip install 'django-hark[pubnub]'" in said
    assert "Traceback" not in said


@pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL's driver")
def test_an_old_driver_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr("django.db.backends.postgresql.psycopg_any.is_psycopg3", False)
    (found,) = run_checks(tags=["hark"])
    assert (found.id, "psycopg[binary]" in (found.hint or "")) == ("hark.E007", True)
