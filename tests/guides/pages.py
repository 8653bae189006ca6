"""The code that a page of the docs prints, and the files that it is for."""

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(
    r"^```\w+\n(?:#|//|<!--) (?P<file>/?[\w./-]+)(?: -->)?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def printed_files(page: str) -> Iterator[tuple[str, str]]:
    """Yield each block of `page` whose first line, a comment, names the file it belongs to."""
    for block in BLOCK.finditer((DOCS / page).read_text()):
        yield block["file"], block["code"]


def write_down(page: str, project: Path) -> None:
    """Add what `page` prints for files of the project to those files, as its reader would."""
    for name, code in printed_files(page):
        if name.startswith("/"):
            continue  # a file of the machine's
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if file.exists() else ""
        if file.suffix == ".html":
            file.write_text(before.replace("</body>", f"{code}</body>"))
        else:
            file.write_text(f"{before}\n{code}")
