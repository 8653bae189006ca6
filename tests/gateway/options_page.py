"""The page of all options, made from the configuration's own classes.

`python -m tests.gateway.options_page` prints it; a test holds docs/gateway/options.md to it.
"""

import ast
import dataclasses
import inspect
import sys
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

from hark_gateway.config import Config
from hark_gateway.hub.options import ChannelOptions, NamespaceOptions, Seconds
from hark_gateway.sources import as_setting, variable_for

HEAD = """\
# Options of the gateway

Made from the code by `python -m tests.gateway.options_page`. Names and meaning are those of
Centrifugo, version 6. How files and variables are read is in [configuring](configuring.md).
"""

REQUIRED = "(no default)"


def texts_of(owner: type) -> dict[str, str]:
    """Return the string below each field of a dataclass, its bases included."""
    texts: dict[str, str] = {}
    for base in reversed(owner.__mro__[:-1]):
        (tree,) = ast.parse(inspect.getsource(base)).body
        assert isinstance(tree, ast.ClassDef)
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                assert isinstance(field.target, ast.Name)
                texts[field.target.id] = str(ast.literal_eval(below.value))
    return texts


def rows(owner: Any, path: list[str]) -> Iterator[tuple[list[str], str, str]]:
    """Yield path, value and text of every option of `owner`, in order."""
    hints, texts = get_type_hints(type(owner), include_extras=True), texts_of(type(owner))
    for field in dataclasses.fields(owner):
        value = getattr(owner, field.name)
        kind, here = hints[field.name], [*path, field.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            if issubclass(kind, ChannelOptions):
                own = [name for name in kind.__annotations__ if kind is not ChannelOptions]
                yield here, "", texts[field.name]
                yield from (row for row in rows(value, here) if row[0][-1] in own)
            else:
                yield from rows(value, here)
            continue
        yield here, shown(value, kind) if value is not REQUIRED else "", texts[field.name]


def shown(value: object, kind: object) -> str:
    value = as_setting(kind, value)
    if kind is Seconds or isinstance(value, str):
        return f'`"{value}"`'
    if get_origin(kind) is tuple:
        assert get_args(kind)
        return "`[]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table(found: Iterator[tuple[list[str], str, str]]) -> Iterator[str]:
    """Yield the lines of one table."""
    yield "| option | default | what it does |"
    yield "| --- | --- | --- |"
    for path, default, text in found:
        one_line = " ".join(text.split()).replace("|", r"\|")
        yield f"| `{'.'.join(path)}` | {default} | {one_line} |"


def page() -> str:
    """Return the whole page."""
    variable = variable_for(["client", "token", "hmac_secret_key"])
    lines = [
        HEAD,
        *table(rows(Config(), [])),
        "",
        "## Options of channels",
        "",
        "They stand in `channel.without_namespace`, in `channel.other_namespaces` and in each of",
        "`channel.namespaces`.",
        "",
        *table(rows(NamespaceOptions(name=REQUIRED), [])),
        "",
        f"As a variable, `client.token.hmac_secret_key` is `{variable}`, and likewise for all.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
