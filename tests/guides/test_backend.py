"""docs/hark/adding-a-backend.md, followed: a backend of a stranger's, held against the contract."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hark" / "adding-a-backend.md").read_text()
SETTINGS = """
SECRET_KEY = "a key that only this project knows, long enough"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "hark"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
"""
ON_THE_PAGE = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, code in ON_THE_PAGE.findall(PAGE):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    (tmp_path / "the_settings.py").write_text(SETTINGS)
    return tmp_path


def run(project: Path, *command: str) -> str:
    paths = os.pathsep.join([str(project), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env=os.environ | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "the_settings"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return f"{done.stdout}{done.stderr}"


def outcome(said: str) -> dict[str, int]:
    return {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|skipped|error)\b", said)}


def under_pytest(project: Path, *options: str) -> str:
    return run(project, "pytest", "-q", "-p", "no:randomly", "-rsf", *options, "tests")


def test_the_backend_of_the_page_keeps_the_contract(project: Path) -> None:
    said = under_pytest(project)
    found = outcome(said)
    assert set(found) == {"passed", "skipped"}, said
    assert found["skipped"] == 1
    assert "its clients recover nothing" in said


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("self._loft().revoke(user_id)", "pass", "disconnecting_ends_a_persons_connections"),
        ("or issued < max(ends)", "", "from_before_a_disconnect_is_worthless"),
        ("screen.hear(data)", "pass", "hears_what_is_published_in_order"),
        ("if channel in channels", "if True", "nobody_hears_the_inbox_of_another"),
        ("channels.discard(channel)", "pass", "unsubscribing_ends_one_persons_subscription"),
        ("raise Misconfigured", "raise Unavailable", "wrong_options_are_told_from_a_server"),
        ('return Refused("too heavy for a pigeon")', "return None", "refused_spoils_no_other"),
    ],
)
def test_a_backend_that_breaks_a_promise_fails_at_it(
    project: Path, right: str, wrong: str, named: str
) -> None:
    broken = 0
    for file in (project / "pigeons").iterdir():
        code = file.read_text() if file.suffix == ".py" else ""
        if right in code:
            file.write_text(code.replace(right, wrong))
            broken += 1
    assert broken == 1
    screens = project / "tests" / "test_pigeons.py"
    hasty = "class PigeonScreen(Screen):\n    seconds = 1.0\n"
    screens.write_text(screens.read_text().replace("class PigeonScreen(Screen):\n", hasty))
    assert outcome(under_pytest(project, "-k", named)).keys() == {"failed"}


def test_djangos_own_runner_holds_it_as_well(project: Path) -> None:
    hark = {
        "BACKEND": "pigeons.backend.PigeonBackend",
        "OPTIONS": {"loft": "east", "key": "the key of the loft"},
    }
    (project / "the_settings.py").write_text(f"{SETTINGS}HARK = {hark}")
    file = project / "tests" / "test_pigeons.py"
    code = file.read_text().replace("(BackendContract)", "(BackendContract, TransactionTestCase)")
    file.write_text(f"from django.test import TransactionTestCase\n{code}")
    (file.parent / "__init__.py").touch()
    said = run(project, "django", "test", "tests")
    assert "OK (skipped=1)" in said, said


def test_a_wrong_option_is_named_by_the_check(project: Path) -> None:
    hark = {"BACKEND": "pigeons.backend.PigeonBackend", "OPTIONS": {"loft": "a", "key": "short"}}
    (project / "the_settings.py").write_text(f"{SETTINGS}HARK = {hark}")
    said = run(project, "django", "check")
    assert "hark.E005" in said
    assert "HARK['OPTIONS']['key'] must have 8 characters or more" in said
