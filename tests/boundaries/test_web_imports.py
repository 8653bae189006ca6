"""The front end has no circle of imports: neither of modules nor of folders, types included."""

import os
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "web/src"
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'`]([^"'`\n]+)["'`]""")
"""`import … from`, `export … from`, `import "…"`, `import("…")`; with `type` or without."""
OURS = ("@/", "./", "../")
ENDINGS = ("", ".ts", ".tsx", ".d.ts", "/index.ts", "/index.tsx")


def modules(sources: Path) -> dict[str, set[str]]:
    """Return which modules each module below `sources` imports, as paths from there."""
    files = (file for file in sources.rglob("*") if file.suffix in {".ts", ".tsx"})
    return {file.relative_to(sources).as_posix(): imports_in(file, sources) for file in files}


def imports_in(file: Path, sources: Path) -> set[str]:
    named = (name for name in IMPORT.findall(file.read_text()) if name.startswith(OURS))
    return {module_called(name, file, sources).relative_to(sources).as_posix() for name in named}


def module_called(name: str, file: Path, sources: Path) -> Path:
    start = sources / name[2:] if name.startswith("@/") else file.parent / name
    path = os.path.normpath(start)
    for ending in ENDINGS:
        if (found := Path(path + ending)).is_file():
            return found
    raise FileNotFoundError(f"{file} imports {name}, which is no file")


def folders(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return which folders the modules of each folder import from."""
    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        folder = str(PurePath(module).parent)
        elsewhere = {str(PurePath(name).parent) for name in imported} - {folder}
        found.setdefault(folder, set()).update(elsewhere)
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return a circle in `graph`, its first member again at its end; empty if it has none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize(
    "statement",
    [
        'import { b } from "./b";',
        'import type { B } from "./b";',
        "import {\n  type B,\n} from './b';",
        'import b, * as all from "@/b";',
        'import "./b";',
        'export * from "./b";',
        'export type { B } from "../src/b";',
        'const b = await import("./b");',
        'type B = typeof import("./b");',
        "const b = import(\n  `./b`\n);",
    ],
)
def test_every_form_of_import_is_seen(statement: str, tmp_path: Path) -> None:
    sources = tmp_path / "src"
    sources.mkdir()
    (sources / "a.tsx").write_text(f'import React from "react";\n{statement}\n')
    (sources / "b.ts").write_text('import type { A } from "./a";\n')
    assert modules(sources) == {"a.tsx": {"b.ts"}, "b.ts": {"a.tsx"}}
    assert set(circle(modules(sources))) == {"a.tsx", "b.ts"}


def test_an_import_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text('import { gone } from "@/gone";\n')
    with pytest.raises(FileNotFoundError, match=r"a\.ts imports @/gone"):
        modules(tmp_path)


def test_folders_that_import_each_other_are_a_circle_though_their_modules_are_none() -> None:
    graph = {"a/one.ts": {"b/one.ts"}, "a/two.ts": set(), "b/one.ts": set(), "b/two.ts": set()}
    assert circle(folders(graph)) == []
    graph["b/two.ts"].add("a/two.ts")
    assert circle(graph) == []
    assert set(circle(folders(graph))) == {"a", "b"}


def test_no_module_of_the_front_end_is_in_a_circle_of_imports() -> None:
    graph = modules(SOURCES)
    assert graph["app/layout.tsx"]  # the scan has found them
    assert circle(graph) == []


def test_no_folder_of_the_front_end_is_in_a_circle_of_imports() -> None:
    assert circle(folders(modules(SOURCES))) == []
