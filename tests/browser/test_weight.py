"""What a page weighs: its scripts, as they are sent, stay within `web/budget.json`."""

import json
import re
from pathlib import Path

import httpx
import pytest

from social.development import ROOT
from tests.browser.conftest import on_one_backend
from tests.stack import Stack

OUT = ROOT / "web/out"
BUDGET: dict[str, int] = json.loads((ROOT / "web/budget.json").read_text())
"""Bytes of scripts for each page."""

SOURCE = re.compile(r'<script(?![^>]*\snomodule)[^>]*\ssrc="(/[^"]+)"', re.IGNORECASE)
"""What browsers of today load."""


def sent(file: Path) -> Path:
    """Return what is sent of a file; one that compression would not make smaller goes as it is."""
    compressed = file.with_name(f"{file.name}.br")
    return compressed if compressed.exists() else file


def address(page: Path) -> str:
    folder = page.relative_to(OUT).parent.as_posix()
    return "/" if folder == "." else f"/{folder}/"


def pages() -> dict[str, Path]:
    return {address(page): page for page in OUT.rglob("index.html")}


def test_each_page_has_a_budget() -> None:
    assert {url for url in pages() if not url.startswith("/_")} - {"/404/"} == BUDGET.keys()


@pytest.mark.parametrize("url", BUDGET)
def test_a_pages_scripts_stay_within_its_budget(url: str) -> None:
    scripts = set(SOURCE.findall(pages()[url].read_text()))
    weight = sum(sent(OUT / script[1:]).stat().st_size for script in scripts)
    assert scripts
    assert weight <= BUDGET[url], f"{url} has {weight} bytes of scripts; see web/budget.json"


@on_one_backend
@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_pages_and_all_that_they_name_come_compressed(stack: Stack, coding: str) -> None:
    with httpx.Client(base_url=stack.url, headers={"Accept-Encoding": coding}) as client:
        page = pages()["/"].read_text()
        named = SOURCE.findall(page) + re.findall(r'href="(/[^"]+\.css)"', page)
        assert len(named) > 5
        for answer in map(client.get, ["/", *named]):
            assert answer.headers["Content-Encoding"] == coding, answer.url
            assert answer.headers["Vary"] == "Accept-Encoding"
