"""Hark knows nothing of the user model but that it has a primary key."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

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


def test_djangos_own_user_with_its_integer_keys_will_do(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hark.plain_project"],
        env=os.environ | {"DATABASE_URL": database_url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    channel = f"inbox:{got['bo']}"
    (item,) = got["page"]["results"]
    assert item["title"] == "ana says hello"
    assert item["actor"] == {"id": str(got["ana"]), "name": "Ana"}
    assert got["page"]["modseq"] == 1
    assert got["stranger"] == 401
    assert got["channels"] == list(got["pushes"]) == [channel]
    assert [push["modseq"] for push in got["pushes"][channel]] == [1, 2]
