"""SQLite under many threads: with the options that the tutorial names, and without."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hark.sqlite import shortcomings

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL",
}
IMMEDIATE, JOURNAL = "transactions are not immediate", "the journal is not write-ahead (WAL)"


def missing(name: str | Path = "db.sqlite3", **options: Any) -> list[str]:
    return list(shortcomings({"NAME": name, "OPTIONS": options}))


def test_djangos_own_options_are_not_enough() -> None:
    assert list(shortcomings({"NAME": Path("db.sqlite3")})) == [IMMEDIATE, JOURNAL]


def test_the_options_that_the_tutorial_names_are() -> None:
    page = (ROOT / "docs/hark/tutorial.md").read_text()
    (code,) = re.findall(r"```python\n# mysite/settings.py, on SQLite\n(.*?)```", page, re.DOTALL)
    project: dict[str, Any] = {"DATABASES": {"default": {"NAME": "db.sqlite3"}}}
    exec(code, project)
    assert project["DATABASES"]["default"]["OPTIONS"] == GOOD
    assert list(shortcomings(project["DATABASES"]["default"])) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"transaction_mode": "DEFERRED"}, [IMMEDIATE]),
        ({"transaction_mode": None}, [IMMEDIATE]),
        ({"transaction_mode": "exclusive"}, []),
        ({"transaction_mode": "immediate"}, []),
        ({"init_command": ""}, [JOURNAL]),
        ({"init_command": "PRAGMA journal_mode=DELETE"}, [JOURNAL]),
        ({"init_command": "PRAGMA synchronous=FULL; pragma main.journal_mode = 'wal';"}, []),
        ({"timeout": 0.5}, ["a lock is waited for only 0.5 s"]),
        (
            {"init_command": "PRAGMA journal_mode(wal); PRAGMA busy_timeout=100"},
            ["a lock is waited for only 0.1 s"],
        ),
    ],
    ids=str,
)
def test_each_missing_option_is_named(change: dict[str, Any], said: list[str]) -> None:
    assert missing(**{**GOOD, **change}) == said


def test_a_file_that_was_set_to_wal_once_stays_so(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n)")
    assert missing(file, transaction_mode="IMMEDIATE") == []


@pytest.mark.parametrize("name", [":memory:", "file:memorydb_default?mode=memory&cache=shared", ""])
def test_a_database_in_memory_needs_none(name: str) -> None:
    assert missing(name) == []
