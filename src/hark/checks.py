"""System checks: what `manage.py check` says about Hark's settings."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from hark.conf import settings
from hark.exceptions import UnknownOptions


@register("hark")
def check_settings(**_: Any) -> Sequence[CheckMessage]:
    """Return what is wrong with the `HARK` setting."""
    try:
        given = settings()
    except UnknownOptions as error:
        hint = "Correct or remove it; the backend's own options go into HARK['OPTIONS']."
        return [Error(f"HARK has an entry that does nothing: {error}.", hint=hint, id="hark.E001")]
    except TypeError as error:
        return [Error(f"HARK must be a dict: {error}.", id="hark.E002")]
    return [*_check_path("BACKEND", given.BACKEND), *_check_path("ACTOR_NAME", given.ACTOR_NAME)]


def _check_path(name: str, path: str) -> Sequence[CheckMessage]:
    try:
        import_string(path)
    except ImportError as error:
        return [Error(f"HARK[{name!r}] cannot be imported: {error}.", id="hark.E003")]
    return []
