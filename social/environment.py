"""What the environment says: a value, or an error that names the variable."""

import os

from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """Return a variable that has no safe default.

    Raises:
        ImproperlyConfigured: It is not set, or is empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"Set {name} in the environment. Only for development, with DJANGO_DEBUG=1, does "
            "manage.py choose a value for what is unset."
        )
    return value


def number(name: str, default: int) -> int:
    """Return a variable that counts something.

    Raises:
        ImproperlyConfigured: It is no whole number.
    """
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()):
        raise ImproperlyConfigured(f"{name}={text}: give a whole number.")
    return int(text)


def enabled(name: str) -> bool:
    """Return whether a variable is switched on: 1, true, yes or on."""
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def listed(text: str) -> list[str]:
    """Return what stands between the commas."""
    return [item.strip() for item in text.split(",") if item.strip()]
