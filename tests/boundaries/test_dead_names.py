"""No module defines what nobody uses."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [ROOT / "src" / "hark", ROOT / "src" / "hark_gateway"]
USERS = [*PACKAGES, ROOT / "social", ROOT / "docs", ROOT / "pyproject.toml"]

CALLED_BY_NAME = {"Command", "HarkConfig", "__getattr__", "app_name", "urlpatterns"}
"""What Django and Python look up by these names."""

SCHEMA_ONLY = {"PushSerializer"}
"""Told about in the docs, as the form of what is pushed."""


def names_defined_in(file: Path) -> Iterator[str]:
    """Yield what a module defines; what a decorator has taken is used by that."""
    for node in ast.parse(file.read_text(), str(file)).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            decorators = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
            if decorators <= {"dataclass", "cache", "contextmanager"}:
                yield node.name
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def words() -> Counter[str]:
    """Return how often each word stands in code and docs."""
    found: Counter[str] = Counter()
    for user in USERS:
        for file in [user] if user.is_file() else [*user.rglob("*.py"), *user.rglob("*.md")]:
            found.update(re.findall(r"\w+", file.read_text()))
    return found


def test_every_name_that_a_module_defines_is_used_somewhere() -> None:
    used = words()
    dead = [
        f"{file.relative_to(ROOT)}: {name}"
        for package in PACKAGES
        for file in package.rglob("*.py")
        if "migrations" not in file.parts
        for name in names_defined_in(file)
        if used[name] < 2 and name not in CALLED_BY_NAME | SCHEMA_ONLY
    ]
    assert dead == []
