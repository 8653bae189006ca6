"""Hark's settings: the `HARK` dict of the Django settings as one typed object with defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from hark.exceptions import UnknownOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, as it took effect. Times are in seconds."""

    BACKEND: str = "hark.backends.centrifugo.CentrifugoBackend"
    """Dotted path of the realtime backend."""

    OPTIONS: Mapping[str, Any] = field(default_factory=dict)
    """What that backend needs; each one documents and checks its own."""

    TOKEN_TTL: int | None = None
    """How long a connection or subscription token opens its channels; None is the backend's own."""

    ACTOR_NAME: str = "hark.names.display_name"
    """Dotted path of a function from a user to the name that others may see."""

    USER_LANGUAGE: str = ""
    """Where a user's own choice of language is: the name of an attribute or method of the user, or
    the dotted path of a function from a user to a code, such as "de". Empty, or whatever gives
    none: what their last page used."""

    SITE_URL: str = ""
    """Where this site is reached, as "https://example.org"; put before the links in e-mails."""

    POLL_INTERVAL: float = 1.0
    """How often the relay looks by itself, where no database wakes it."""

    BATCH: int = 1000
    """Rows the relay handles at once."""

    DIRECT_RECIPIENTS: int = 1000
    """Up to so many are written at once by `notify`; for more, the relay writes the rows."""

    MAX_ATTEMPTS: int = 10
    """After so many failures of its own, a row waits for "try again" in the admin."""

    PUBLISH_TIMEOUT: float = 5.0
    """How long the backend may take to answer the relay."""

    AUTHENTICATION_CLASSES: Sequence[str] = ()
    """Dotted paths of REST framework's classes that say who calls the API. Empty: the project's
    DEFAULT_AUTHENTICATION_CLASSES, and Django's sessions."""

    KEEP_DAYS: int = 0
    """Notifications older than this are removed by `hark prune`; 0 keeps them for ever."""

    KEEP_DELETED_DAYS: int = 30
    """How long `changes/` remembers deletions; a screen away for longer reads its inbox afresh."""


@cache
def settings() -> Settings:
    """Return the settings in effect.

    Raises:
        UnknownOptions: There is an entry that Hark does not know; most likely a misspelt one.
    """
    given: Mapping[str, Any] = getattr(django_settings, "HARK", {})
    known = {each.name for each in fields(Settings)}
    if unknown := set(given) - known:
        raise UnknownOptions(unknown, known)
    return Settings(**given)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    """Let tests override HARK."""
    if setting == "HARK":
        settings.cache_clear()
