"""The documentation says what the code does."""

import re
from functools import reduce
from pathlib import Path

import yaml

from hark_gateway.config import Config
from hark_gateway.foreign import ADVICE
from hark_gateway.hub.options import ChannelOptions
from hark_gateway.sources import as_settings, build, check, paths_of

from .options_page import page

DOCS = Path(__file__).resolve().parents[2] / "docs" / "gateway"


def test_the_page_of_options_is_that_of_this_code() -> None:
    assert (DOCS / "options.md").read_text() == page(), (
        "make it again: python -m tests.gateway.options_page > docs/gateway/options.md"
    )


def test_every_default_on_it_is_what_takes_effect() -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \| `(.+?)` \|", (DOCS / "options.md").read_text(), re.MULTILINE
    )
    defaults = {
        "channel.without_namespace": as_settings(ChannelOptions()),
        "": as_settings(Config()),
    }
    for path, text in rows:
        where = "" if "." in path else "channel.without_namespace"
        value = reduce(lambda table, key: table[key], path.split("."), defaults[where])
        assert yaml.safe_load(text) == value, path
    assert len(rows) > 100


def test_the_examples_of_configuration_work() -> None:
    text = (DOCS / "configuring.md").read_text()
    for example in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        check(build(Config, yaml.safe_load(example), ""))


def test_every_link_leads_to_a_page() -> None:
    for file in DOCS.glob("*.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)", file.read_text()):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_what_is_called_missing_is_missing() -> None:
    ours = {".".join(path) for path in paths_of(Config)}
    assert not {key for key in ADVICE for option in ours if f"{option}.".startswith(f"{key}.")}
