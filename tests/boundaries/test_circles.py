"""No modules of `src/` import each other in a circle, not even for a type."""

import ast
from collections.abc import Iterator, Mapping
from importlib.util import resolve_name
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"


def within(package: str, names: str) -> frozenset[str]:
    return frozenset(f"{package}.{name}" for name in names.split())


ALLOWED: Mapping[str, frozenset[str]] = {
    "a session's commands are written elsewhere, and call it back instead of answering": within(
        "hark_gateway.protocols.centrifuge",
        "clients commands connecting door session subscribing subscription",
    ),
}
"""Circles that are still there, or parts of them, each by its reason."""


def modules(root: Path) -> dict[str, Path]:
    """Return every module under `root` by its dotted name; a package by its own."""
    found = {}
    for file in root.rglob("*.py"):
        parts = file.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(name: str, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield which known modules a module names, at whatever depth, for types alone as well."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            named = [f"{source}.{alias.name}" for alias in node.names]
            wanted = [each if each in known else source for each in named]
        else:
            continue
        yield from (each for each in wanted if each in known)


def circles(root: Path) -> set[frozenset[str]]:
    """Return the largest sets of modules in which each leads to every other."""
    known = modules(root)
    graph = {name: set(imports(name, file, known)) for name, file in known.items()}
    reached = {name: reach(name, graph) for name in graph}
    return {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in graph
        if name in reached[name]
    }


def reach(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    """Return where one gets from `start`; itself only by a way around."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return seen


def test_no_modules_need_each_other_but_those_that_are_known_to() -> None:
    found = circles(SRC)
    unknown = [sorted(each) for each in found if not any(each <= old for old in ALLOWED.values())]
    assert unknown == []
    resolved = [why for why, old in ALLOWED.items() if not any(each <= old for each in found)]
    assert resolved == [], "take out of ALLOWED what is a circle no longer"


def test_each_form_of_import_can_close_a_circle(tmp_path: Path) -> None:
    sources = {
        "pkg/__init__.py": "",
        "pkg/absolute.py": "import pkg.relative",
        "pkg/relative.py": "from . import in_a_function",
        "pkg/in_a_function.py": "def f():\n    from .for_types import T",
        "pkg/for_types.py": "if TYPE_CHECKING:\n    from pkg.sub import x",
        "pkg/sub/__init__.py": "from ..absolute import y",
        "pkg/apart.py": "import json\nfrom .absolute import z",
        "pkg/itself.py": "import pkg.itself",
    }
    for path, source in sources.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(source)
    ring = {"absolute", "relative", "in_a_function", "for_types", "sub"}
    assert circles(tmp_path) == {
        frozenset(f"pkg.{name}" for name in ring),
        frozenset({"pkg.itself"}),
    }
