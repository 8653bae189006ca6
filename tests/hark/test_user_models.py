"""Hark knows nothing of the user model but that it has a primary key."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.hark.keyed.project import KEYS

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def database_url(tmp_path: Path, transactional_db: None) -> Any:
    """An empty database of the kind that the tests run on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'plain.sqlite3'}"
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE hark_plain")
    host = connection.settings_dict["HOST"].replace("/", "%2F")
    yield f"postgresql://postgres@{host}/hark_plain"
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE hark_plain WITH (FORCE)")


def run(module: str, database_url: str, **more: str) -> Any:
    """Return what a project printed."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        env=os.environ | {"DATABASE_URL": database_url, **more},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_everybody_is_told_whatever_their_keys_are(database_url: str) -> None:
    told = run("tests.hark.keyed.project", database_url)
    assert list(told) == KEYS
    for got in told.values():
        assert [item["title"] for item in got["heard"]] == ["tea"], "a fact with a composite key"
        assert got["page"] == got["heard"]
    channels = [got["channel"] for got in told.values()]
    assert len(set(channels)) == len(KEYS)
    assert channels[:3] == ["inbox:-1", "inbox:bob~40example~2ecom", "inbox:auth0~7c5f7c"]


def test_djangos_own_user_with_its_integer_keys_will_do(database_url: str) -> None:
    got = run("tests.hark.plain_project", database_url)
    channel = f"inbox:{got['bo']}"
    (item,) = got["page"]["results"]
    assert item["title"] == "ana says hello"
    assert item["actor"] == {"id": str(got["ana"]), "name": "Ana"}
    assert got["page"]["modseq"] == 1
    assert got["stranger"] == 401
    assert got["channels"] == list(got["pushes"]) == [channel]
    assert [push["modseq"] for push in got["pushes"][channel]] == [1, 2]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_instants_are_what_they_are_without_use_tz(database_url: str, zone: str) -> None:
    # Django sets TZ itself where settings are a module, which these are not.
    got = run("tests.hark.naive_project", database_url, ZONE=zone, TZ=zone)
    for name in ("lives", "expires"):
        assert all(540 <= seconds <= 600 for seconds in got[name]), got
    assert all(got["zones"])
    assert all(-60 <= seconds <= 0 for seconds in (*got["issued"], got["created"])), got
    assert (got["pushed"], got["published"]) == (2, False), "what is postponed waits"
    assert got["mailed"] == ["now"]
