"""Realtime backends: the ways to reach the screens that are open now. One module for each."""

from functools import cache

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from hark.backends.base import Backend
from hark.conf import settings


@cache
def backend() -> Backend:
    """Return the configured backend; one for the whole process.

    Raises:
        Misconfigured: Its options are not sufficient.
    """
    given = settings()
    made: Backend = import_string(given.BACKEND)(given.OPTIONS, timeout=given.PUBLISH_TIMEOUT)
    return made


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    """Let tests override HARK."""
    if setting == "HARK":
        if backend.cache_info().currsize:
            backend().close()
        backend.cache_clear()


__all__ = ["Backend", "backend"]
