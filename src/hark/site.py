"""What Django's own settings say of the site: where its pages are, and where Hark's API is."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.urls import URLPattern, URLResolver, get_resolver

from hark.conf import settings

LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0")  # noqa: S104 (nothing is bound)


def origin() -> str | None:
    """Return the origin of the site's pages, as "https://example.org"; None if nothing says it."""
    if site := settings().SITE_URL:
        parts = urlsplit(site)
        return f"{parts.scheme}://{parts.netloc}"
    secure = django_settings.SECURE_SSL_REDIRECT or django_settings.SESSION_COOKIE_SECURE
    scheme = "https" if secure else "http"
    return next((f"{scheme}://{host.lstrip('.')}" for host in _hosts() if host != "*"), None)


def is_only_local() -> bool:
    """Tell whether some pages are opened on this machine itself, as in development."""
    return any(host in LOCAL or host.endswith(".localhost") for host in _hosts())


def _hosts() -> Sequence[str]:
    if not django_settings.ALLOWED_HOSTS and django_settings.DEBUG:
        return ["localhost"]  # what Django itself allows then
    hosts: Sequence[str] = django_settings.ALLOWED_HOSTS
    return hosts


def api_paths() -> list[str]:
    """Return each path below which ROOT_URLCONF has Hark's API, as Django writes it."""
    return [path.removesuffix("connect/") for path in _connect_paths(get_resolver().url_patterns)]


def _connect_paths(
    patterns: Sequence[URLPattern | URLResolver], prefix: str = "/"
) -> Iterator[str]:
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _connect_paths(each.url_patterns, path)
        elif _is_connect(each.callback):
            yield path


def _is_connect(callback: Any) -> bool:
    """Tell whether it is Hark's view, or a project's that builds on it."""
    view: Any = getattr(callback, "view_class", None) or getattr(callback, "cls", object)
    names = {(each.__module__, each.__name__) for each in view.__mro__}
    return ("hark.api.views", "ConnectView") in names
