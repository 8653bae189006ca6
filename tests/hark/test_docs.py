"""The reference names what there is: every setting, every check, every public name."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

import hark
from hark.backends.centrifugo import CentrifugoOptions
from hark.conf import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs" / "hark"


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default(setting: object) -> None:
    default = {} if setting.default is MISSING else setting.default  # type: ignore[attr-defined]
    shown = str(default) if not isinstance(default, str) else f'"{default}"'
    row = f"| `{setting.name}` | `{shown}` |"  # type: ignore[attr-defined]
    assert row in (DOCS / "settings.md").read_text()


def test_every_option_is_documented() -> None:
    text = (DOCS / "settings.md").read_text()
    for option in fields(CentrifugoOptions):
        assert f"| `{option.name}` |" in text


def test_every_check_is_documented_and_no_other() -> None:
    source = (ROOT / "src" / "hark" / "checks.py").read_text()
    documented = re.findall(r"`(hark\.[EW]\d+)`", (DOCS / "settings.md").read_text())
    assert sorted(documented) == sorted(set(re.findall(r"hark\.[EW]\d+", source)))


def test_every_public_name_is_there_and_mentioned() -> None:
    text = "".join(page.read_text() for page in DOCS.glob("*.md"))
    for name in hark.__all__:
        assert getattr(hark, name)
        assert name in text


def test_every_page_is_linked_from_the_first() -> None:
    first = (DOCS / "README.md").read_text()
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in first
