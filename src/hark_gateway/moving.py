"""A configuration for Centrifugo that does what this gateway does: a file to move with."""

import dataclasses
import re
from typing import Any

from .config import Config
from .hub.options import ChannelOptions
from .sources import COVERED, as_settings

OWN = ("shutdown", "client.await_revocations", "channel.other_namespaces")
"""What Centrifugo has not got, or counts otherwise; with the protocols that it does not speak."""
SPECIAL = re.compile(r"([\\\[\]{}?])")
"""What means more in Centrifugo's patterns of origins than here."""


def for_centrifugo(config: Config) -> dict[str, Any]:
    """Return the options that differ from the defaults, as Centrifugo (version 6) has them.

    Secrets are left out: they belong into variables, whose names differ in the prefix alone.
    """
    settings = _changed(as_settings(config), as_settings(type(config)()), "")
    for protocol in config.protocols:
        if not protocol.in_centrifugo:
            for section in dataclasses.fields(protocol.sections):
                settings.pop(section.name, None)
    namespaces = settings.get("channel", {}).get("namespaces", [])
    for number, each in enumerate(namespaces):
        options = _changed(each, as_settings(ChannelOptions()), "")
        namespaces[number] = {"name": each["name"], **options}
    client = settings.get("client", {})
    if origins := client.get("allowed_origins"):
        client["allowed_origins"] = [SPECIAL.sub(r"\\\1", each.lower()) for each in origins]
    # Whatever they are: the defaults there are others.
    settings["http_server"] = as_settings(config.http_server)
    settings["health"] = {"enabled": config.health.enabled}
    return settings


def _changed(settings: dict[str, Any], defaults: dict[str, Any], path: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in settings.items():
        if f"{path}{name}" in OWN or value in (defaults.get(name), COVERED):
            continue
        if isinstance(value, dict):
            value = _changed(value, defaults[name], f"{path}{name}.")  # noqa: PLW2901
            if not value:
                continue
        changed[name] = value
    return changed
