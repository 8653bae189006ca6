"""docs/architecture.md names every package; tests/boundaries/test_docs.py holds what it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ["src", "social", "bench", "web/src"]


def folders() -> set[str]:
    """Return every folder with sources of the parts, as the page writes them."""
    files = (file for part in PARTS for file in (ROOT / part).rglob("*"))
    found = {file.parent for file in files if file.suffix in (".py", ".ts", ".tsx")}
    names = {f"{folder.relative_to(ROOT)}/" for folder in found if folder.name != "migrations"}
    return {name for name in names if not name.startswith("web/src/app/")}


def test_every_package_is_on_the_page() -> None:
    named = set(re.findall(r"`([\w/]+/)`", (ROOT / "docs/architecture.md").read_text()))
    assert folders() - named == set()
