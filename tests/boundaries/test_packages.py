"""What `pip install django-hark` brings, read from the metadata of what is installed here."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import django
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

NEEDED = {
    "django": {"asgiref", "sqlparse"},
    "djangorestframework": set(),
    "httpx": {"anyio", "certifi", "h11", "httpcore", "idna", "typing-extensions"},
    "pyjwt": set(),
    "websockets": set(),
}
"""Each dependency of Hark, and what comes along with it on Python 3.11 and Linux."""


def brought_by(requirements: Iterable[str]) -> set[str]:
    """Return the names of all packages that these bring, themselves included."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in found:
            found.add(name)
            waiting += distribution(name).requires or ()
    return found


def test_an_installation_brings_few_packages() -> None:
    brought = brought_by(PROJECT["dependencies"])
    allowed = {*NEEDED, *(name for names in NEEDED.values() for name in names)}
    assert set(NEEDED) == {Requirement(each).name for each in PROJECT["dependencies"]}
    assert brought <= allowed
    assert len(brought) <= 13


def test_each_extra_has_code_that_imports_it() -> None:
    modules = {
        canonicalize_name(owner): module
        for module, owners in packages_distributions().items()
        for owner in owners
    }
    sources = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    for extra, requirements in PROJECT["optional-dependencies"].items():
        if extra != "dev":
            for each in requirements:
                module = modules[canonicalize_name(Requirement(each).name)]
                assert re.search(rf"^\s*(from|import) {module}\b", sources, re.MULTILINE), (
                    extra,
                    each,
                )


def test_what_an_installation_brings_suffices(tmp_path: Path) -> None:
    """A project runs where every other package that is installed here cannot be imported."""
    brought = brought_by(PROJECT["dependencies"])
    foreign = sorted(
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners}
        & (brought | {"django-hark", "dj-database-url"})  # the last: what the project itself uses
    )
    assert {"cent", "drf_spectacular", "pubnub", "requests"} <= set(foreign)
    program = tmp_path / "program.py"
    program.write_text(
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({foreign!r}))\n"
        "runpy.run_module('tests.hark.plain_project', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        env=os.environ | {"DATABASE_URL": "sqlite://:memory:", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def versions_said(pattern: str, *files: str) -> Iterator[tuple[str, str]]:
    for file in files:
        for version in re.findall(pattern, (ROOT / file).read_text()):
            yield file, version


def test_the_supported_django_is_what_the_tests_run_on_and_everywhere_the_same() -> None:
    running = ".".join(map(str, django.VERSION[:2]))
    (floor,) = [each for each in PROJECT["dependencies"] if each.startswith("django>")]
    assert floor == f"django>={running}"
    prefix = "Framework :: Django :: "
    named = {each for each in PROJECT["classifiers"] if each.startswith(prefix)}
    assert named == {f"{prefix}{running}"}
    said = list(versions_said(r"Django (\d+\.\d+)", "README.md", "docs/hark/tutorial.md"))
    assert {file for file, _ in said} == {"README.md", "docs/hark/tutorial.md"}
    assert {version for _, version in said} == {running}


def test_the_lowest_python_is_everywhere_the_same() -> None:
    lowest = PROJECT["requires-python"].removeprefix(">=")
    said = dict(versions_said(r"Python (\d\.\d+)", "README.md", "docs/hark/tutorial.md"))
    assert set(said.values()) == {lowest}
    assert f"Programming Language :: Python :: {lowest}" in PROJECT["classifiers"]
