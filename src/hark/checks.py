"""System checks: what `manage.py check` says about Hark's settings."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.utils.module_loading import import_string

from hark import types
from hark.backends import backend
from hark.backends.base import Misconfigured
from hark.conf import Settings, settings
from hark.exceptions import UnknownOptions
from hark.media.email import Email

KINDS = {int: "a whole number", float: "a number", str: "text"}


@register("hark")
def check_settings(**_: Any) -> Sequence[CheckMessage]:
    """Return what is wrong with the `HARK` setting."""
    try:
        given = settings()
    except UnknownOptions as error:
        hint = "Correct or remove it; the backend's own options go into HARK['OPTIONS']."
        return [Error(f"HARK has an entry that does nothing: {error}.", hint=hint, id="hark.E001")]
    except (TypeError, ValueError):
        hint = 'Write HARK = {"BACKEND": "hark.backends.centrifugo.CentrifugoBackend", …}.'
        return [Error("HARK must be a dict.", hint=hint, id="hark.E002")]
    return [*_kinds(given)] or [*_paths(given)] or [*_options(), *_links(given)]


def _kinds(given: Settings) -> Iterator[CheckMessage]:
    for each in fields(Settings):
        value: Any = getattr(given, each.name)
        default: Any = each.default
        if type(default) not in KINDS:
            continue
        allowed = (int, float) if isinstance(default, float) else type(default)
        if isinstance(value, bool) or not isinstance(value, allowed):
            kind = KINDS[type(default)]
            yield Error(f"HARK[{each.name!r}] must be {kind}; it is {value!r}.", id="hark.E003")
        elif not isinstance(value, str) and (value < 0 or (value == 0 and default != 0)):
            yield Error(f"HARK[{each.name!r}] is too small: {value!r}.", id="hark.E003")


def _paths(given: Settings) -> Iterator[CheckMessage]:
    for name in ("BACKEND", "ACTOR_NAME"):
        try:
            import_string(getattr(given, name))
        except (ImportError, AttributeError) as error:
            yield Error(f"HARK[{name!r}] cannot be imported: {error}.", id="hark.E004")


def _options() -> Iterator[CheckMessage]:
    try:
        backend()
    except Misconfigured as error:
        hint = "See docs/hark/settings.md for the options of each backend."
        yield Error(f"The realtime backend cannot work: {error}.", hint=hint, id="hark.E005")


def _links(given: Settings) -> Iterator[CheckMessage]:
    mailed = [
        name
        for name in types.names()
        if any(isinstance(medium, Email) for medium in types.registered(name).media)
    ]
    if mailed and not given.SITE_URL:
        yield Warning(
            f"E-mails of {', '.join(mailed)} will carry no working links.",
            hint='Set HARK["SITE_URL"], as "https://example.org".',
            id="hark.W001",
        )
