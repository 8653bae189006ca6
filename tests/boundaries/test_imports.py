"""Who may import whom (DESIGN, "Layout"), read off the syntax trees."""

import ast
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"hark": ROOT / "src", "hark_gateway": ROOT / "src", "social": ROOT}
PROTOCOLS = sorted(
    folder.name
    for folder in (ROOT / "src/hark_gateway/protocols").iterdir()
    if (folder / "__init__.py").exists()
)


def modules_imported_by(package: str) -> set[str]:
    """Return the dotted name of every module that `package` imports, at whatever depth."""
    root = SOURCES[package.partition(".")[0]]
    folder = root.joinpath(*package.split("."))
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    return {name for file in files for name in imports_in(file, root)}


def imports_in(file: Path, root: Path) -> Iterator[str]:
    here = ".".join(file.relative_to(root).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), here)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def packages_imported_by(package: str) -> set[str]:
    return {name.split(".")[0] for name in modules_imported_by(package)}


def test_the_reader_of_imports_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "pkg" / "mod.py"
    file.parent.mkdir()
    file.write_text(
        "import a.b\nfrom c import d\ndef f():\n    from . import e\n    from ..g import h\n"
    )
    with pytest.raises(ImportError):  # `..g` leads out of the package
        set(imports_in(file, tmp_path))
    file.write_text("import a.b\nfrom c import d\ndef f():\n    from . import e\n")
    assert set(imports_in(file, tmp_path)) == {"a.b", "c", "c.d", "pkg", "pkg.e"}


def test_hark_knows_neither_the_application_nor_the_gateway() -> None:
    assert packages_imported_by("hark").isdisjoint({"social", "hark_gateway", "tests"})


def test_the_gateway_knows_neither_django_nor_hark() -> None:
    forbidden = {"django", "rest_framework", "hark", "social", "tests"}
    assert packages_imported_by("hark_gateway").isdisjoint(forbidden)


def test_the_application_reaches_the_gateway_only_over_the_network() -> None:
    assert packages_imported_by("social").isdisjoint({"hark_gateway", "tests"})


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_protocol_knows_no_other_protocol(protocol: str) -> None:
    others = {f"hark_gateway.protocols.{name}" for name in PROTOCOLS if name != protocol}
    imported = modules_imported_by(f"hark_gateway.protocols.{protocol}")
    assert not {name for name in imported for other in others if f"{name}.".startswith(f"{other}.")}


def test_the_hub_knows_no_protocol_no_socket_and_no_clock() -> None:
    imported = modules_imported_by("hark_gateway.hub")
    assert {name.split(".")[0] for name in imported}.isdisjoint(
        {"asyncio", "socket", "time", "datetime"}
    )
    outside = {"protocols", "net", "server", "auth", "metrics"}
    assert not {name for name in imported if set(name.split(".")[:2]) & outside}


def test_what_the_gateway_needs_is_in_its_extra() -> None:
    ours = {"hark_gateway"}
    allowed = {"cryptography", "httptools", "msgspec", "prometheus_client", "uvloop", "yaml"}
    allowed |= {"jwt"}  # keys and signatures
    allowed |= {"cbor2", "re2"}  # PubNub's tokens are CBOR, its patterns those of RE2
    foreign = packages_imported_by("hark_gateway") - set(sys.stdlib_module_names) - ours
    assert foreign <= allowed
