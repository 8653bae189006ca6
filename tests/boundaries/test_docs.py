"""Every file that a page names is there, and so is every heading that a link leads to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")])
OF_TODAY = [
    page for page in PAGES if page.name != "CHANGELOG.md" and page.parent.name != "decisions"
]
"""Without those that tell of the past."""

LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(
    r"`((?:bench|docs|examples|social|src|tests|web)/[\w./-]*|(?:[\w-]+/)+[\w-]+\.(?:py|tsx?))`"
)
CODE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
BEGINNINGS = [ROOT, ROOT / "src", ROOT / "src/hark", ROOT / "src/hark_gateway", ROOT / "web/src"]


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page can be reached by, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", each.lower()) for each in headings]
    return {each.replace(" ", "-") for each in plain}


def broken(page: Path) -> Iterator[str]:
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


@pytest.mark.parametrize("page", OF_TODAY, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path) -> None:
    named = PATH.findall(CODE.sub("", page.read_text()))
    starts = [*BEGINNINGS, page.parent]
    assert [each for each in named if not any((start / each).exists() for start in starts)] == []
