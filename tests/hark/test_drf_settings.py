"""Whatever REST_FRAMEWORK says for a project's own views, Hark's API keeps its form."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.own_databases

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = {
    "api_url": "http://127.0.0.1:9/api",
    "api_key": "key",
    "token_secret": "s" * 32,
    "url": "ws://127.0.0.1:9/connection/websocket",
}
JSON = "application/json"
PAGE = ["counts", "modseq", "next", "results"]


def answers(
    rest_framework: dict[str, Any] | None = None,
    *,
    prefix: str = "/api/hark/",
    accept: str = JSON,
    **hark: Any,
) -> dict[str, Any]:
    """Return the status of each call in such a project, and which names its answer holds."""
    project: dict[str, Any] = {"HARK": {"OPTIONS": OPTIONS, **hark}}
    if rest_framework is not None:
        project["REST_FRAMEWORK"] = rest_framework
    done = subprocess.run(
        [sys.executable, "-m", "tests.hark.drf_project"],
        env=os.environ
        | {
            "PROJECT_SETTINGS": json.dumps(project),
            "PROJECT_PREFIX": prefix,
            "PROJECT_ACCEPT": accept,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@cache
def plain() -> dict[str, Any]:
    """Return the answers in a project that says nothing of REST framework but who may come in."""
    return answers({"DEFAULT_AUTHENTICATION_CLASSES": TOKENS})


TOKENS = ["rest_framework.authentication.TokenAuthentication"]
CONNECT = [
    "backend", "channels", "emulation_endpoint", "expires_at", "expires_in", "token", "transports",
    "url",
]  # fmt: skip


def test_each_call_answers_in_the_form_that_the_schema_says() -> None:
    got = plain()
    assert got["stranger"] == [401, ["detail"]]
    assert got["session"] == got["token"] == [200, PAGE]
    assert got["session without CSRF token"] == [403, ["detail"]]
    assert got["token beside a session"] == [200, ["unread", "unseen"]]
    assert got["changes"] == [200, ["counts", "items", "modseq", "more"]]
    assert got["start afresh"] == [410, ["detail"]]
    assert got["bad question"] == [400, ["since"]]
    assert got["read all"] == [200, ["unread", "unseen"]]
    assert got["not there"] == [404, ["detail"]]
    assert got["connect"] == [200, CONNECT]
    assert got["subscribe"] == [403, ["detail"]]
    assert got["bad channel"] == [400, ["channel"]]
    assert got["too deep"] == [400, 413]
    assert got["delete"] == [204, []]
    assert got["options"][0] == 200


@pytest.mark.parametrize(
    ("rest_framework", "how"),
    [
        ({}, {"accept": "text/html"}),
        ({}, {"accept": "application/vnd.example.v2+json"}),
        ({"DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.URLPathVersioning"}, {}),
        (
            {
                "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.URLPathVersioning",
                "ALLOWED_VERSIONS": ["v1"],
            },
            {"prefix": "/v1/hark/"},
        ),
        ({}, {"prefix": "/7/team/hark/"}),
        (
            {
                "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
                "ALLOWED_VERSIONS": ["v1"],
            },
            {},
        ),
        (
            {
                "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
                "ALLOWED_VERSIONS": ["1.0"],
            },
            {"accept": f"{JSON}; version=7.0"},
        ),
        (
            {
                "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.HostNameVersioning",
                "ALLOWED_VERSIONS": ["v1"],
            },
            {},
        ),
        ({"DEFAULT_RENDERER_CLASSES": ["tests.hark.drf_parts.ShoutingRenderer"]}, {}),
        ({"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"]}, {}),
        ({"DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"]}, {}),
        ({"DEFAULT_PARSER_CLASSES": []}, {}),
        (
            {
                "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
                "PAGE_SIZE": 1,
            },
            {},
        ),
        ({"EXCEPTION_HANDLER": "tests.hark.drf_parts.loud"}, {}),
        ({"DEFAULT_THROTTLE_CLASSES": ["tests.hark.drf_parts.NeverAgain"]}, {}),
        ({"DEFAULT_FILTER_BACKENDS": ["rest_framework.filters.SearchFilter"]}, {}),
        ({"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}, {}),
        ({"DEFAULT_METADATA_CLASS": None}, {}),
        ({"UNAUTHENTICATED_USER": None}, {}),
        ({"DATETIME_FORMAT": "%s", "NON_FIELD_ERRORS_KEY": "x", "URL_FORMAT_OVERRIDE": None}, {}),
    ],
    ids=str,
)
def test_no_setting_of_the_project_changes_an_answer(
    rest_framework: dict[str, Any], how: dict[str, str]
) -> None:
    given = {"DEFAULT_AUTHENTICATION_CLASSES": TOKENS, **rest_framework}
    assert answers(given, **how) == plain()


def test_sessions_come_in_beside_whatever_the_project_names() -> None:
    # REST framework's own default has no tokens, but sessions.
    by_default = answers()
    assert by_default["session"] == [200, PAGE]
    assert by_default["token"] == [401, ["detail"]]
    assert answers({"DEFAULT_AUTHENTICATION_CLASSES": []})["session"] == [200, PAGE]


def test_a_setting_names_who_comes_in_instead() -> None:
    only_tokens = answers({}, AUTHENTICATION_CLASSES=TOKENS)
    assert only_tokens["session"] == only_tokens["stranger"] == [401, ["detail"]]
    assert only_tokens["token"] == [200, PAGE]
