"""The front end has no circle of imports, types included, and no module that only tests need."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
PAGES = {"page.tsx", "layout.tsx", "not-found.tsx"}
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'`]([^"'`\n]+)["'`]""")
"""`import … from`, `export … from`, `import "…"`, `import("…")`; with `type` or without."""
ALIASES = {"@/": "src/", "@tests/": "tests/"}
ENDINGS = ("", ".ts", ".tsx", ".d.ts", "/index.ts", "/index.tsx")


def modules(web: Path) -> dict[str, set[str]]:
    """Return which of its own modules each module of the front end imports, as paths from `web`."""
    files = [file for folder in ALIASES.values() for file in (web / folder).rglob("*.ts*")]
    return {file.relative_to(web).as_posix(): set(imports_in(file, web)) for file in files}


def imports_in(file: Path, web: Path) -> Iterator[str]:
    for name in IMPORT.findall(file.read_text()):
        start = place_of(name, file, web)
        if start is None:
            continue
        found = [path for ending in ENDINGS if (path := Path(f"{start}{ending}")).is_file()]
        if not found:
            raise FileNotFoundError(f"{file} imports {name}, which is no file")
        yield found[0].relative_to(web).as_posix()


def place_of(name: str, file: Path, web: Path) -> str | None:
    """Return where a module of our own lies, without its ending; None for a package's."""
    for alias, folder in ALIASES.items():
        if name.startswith(alias):
            return os.path.normpath(web / folder / name.removeprefix(alias))
    return os.path.normpath(file.parent / name) if name.startswith(".") else None


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
        'import { b } from "../src/b.ts";',
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
    graph = modules(tmp_path)
    assert graph == {"src/a.tsx": {"src/b.ts"}, "src/b.ts": {"src/a.tsx"}}
    assert set(circle(graph)) == {"src/a.tsx", "src/b.ts"}


def test_an_import_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.ts").write_text('import { gone } from "@/gone";\n')
    with pytest.raises(FileNotFoundError, match=r"a\.ts imports @/gone"):
        modules(tmp_path)


def test_folders_that_import_each_other_are_a_circle_though_their_modules_are_none() -> None:
    graph = {"a/one.ts": {"b/one.ts"}, "a/two.ts": set(), "b/one.ts": set(), "b/two.ts": set()}
    assert circle(folders(graph)) == []
    graph["b/two.ts"].add("a/two.ts")
    assert circle(graph) == []
    assert set(circle(folders(graph))) == {"a", "b"}


def test_no_module_of_the_front_end_is_in_a_circle_of_imports() -> None:
    graph = modules(WEB)
    assert graph["src/app/layout.tsx"]  # the scan has found them
    assert circle(graph) == []


def test_no_folder_of_the_front_end_is_in_a_circle_of_imports() -> None:
    graph = modules(WEB)
    tests = {module for module in graph if ".test." in module}  # they may use what they like
    assert circle(folders({module: graph[module] for module in graph.keys() - tests})) == []


def reached(graph: Mapping[str, set[str]], start: Iterable[str]) -> set[str]:
    """Return `start` and all that it imports, at whatever distance."""
    found: set[str] = set()
    ahead = set(start)
    while ahead:
        found |= ahead
        ahead = set().union(*(graph.get(module, set()) for module in ahead)) - found
    return found


def test_what_the_pages_import_is_all_that_is_among_the_sources_besides_tests() -> None:
    graph = modules(WEB)
    pages = [module for module in graph if PurePath(module).name in PAGES]
    sources = {module for module in graph if module.startswith("src/") and ".test." not in module}
    assert len(pages) > 5
    used = {module for module in reached(graph, pages) if PurePath(module).suffix != ".css"}
    assert used == sources  # neither fakes and leftovers, nor tests and what supports them
