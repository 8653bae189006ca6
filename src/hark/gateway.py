"""The embedded gateway's options, from Django's settings.

It runs as a process of its own, and is never imported here. HARK["BACKEND"] says what it has to be
told to serve that backend.
"""

import json
import re
from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from hark.backends import Backend
from hark.channels import INBOX, namespaces
from hark.conf import settings

HOST = re.compile(r"\.?[a-z0-9-][a-z0-9.-]*|\[[a-f0-9]*:[a-f0-9.:]+\]")
"""A name, an IPv4 or an IPv6 address, or a domain with all below it."""
KEPT = {"history_size": 100, "history_ttl": "5m", "force_recovery": True}


def environment() -> dict[str, str]:
    """Return the variables that the gateway reads, as HARK["OPTIONS"] has them.

    Raises:
        NoGateway: None is needed.
        Misconfigured: HARK["OPTIONS"] is not sufficient.
    """
    given = settings()
    kind: type[Backend] = import_string(given.BACKEND)
    return {
        **kind.gateway_environment(given.OPTIONS),
        "HARK_GATEWAY_CLIENT_AWAIT_REVOCATIONS": "true",
        "HARK_GATEWAY_CLIENT_ALLOWED_ORIGINS": " ".join(_origins()),
        "HARK_GATEWAY_CHANNEL_NAMESPACES": json.dumps(_namespaces()),
        # So that a namespace which is declared while it runs exists there as well.
        "HARK_GATEWAY_CHANNEL_OTHER_NAMESPACES_ENABLED": "true",
        **{
            f"HARK_GATEWAY_CHANNEL_OTHER_NAMESPACES_{name.upper()}": str(value).lower()
            for name, value in KEPT.items()
        },
    }


def _origins() -> list[str]:
    """Return which pages may connect: those of the hosts that Django answers for, on any port."""
    hosts = django_settings.ALLOWED_HOSTS
    if not hosts and django_settings.DEBUG:
        hosts = [".localhost", "127.0.0.1", "[::1]"]  # what Django itself allows then
    if "*" in hosts:
        return ["*"]
    return [
        f"*://{name}{port}"
        for host in hosts
        for name in _names(host.lower())
        for port in ("", ":*")
    ]


def _names(host: str) -> list[str]:
    """Return the names that an entry of ALLOWED_HOSTS stands for, as `django.http` reads it.

    There are none where something else than a name was written, such as a port, spaces or
    "*.example.com": no request is for such a host, so Django answers for none.
    """
    if not HOST.fullmatch(host):
        return []
    return [host[1:], f"*{host}"] if host.startswith(".") else [host]


def _namespaces() -> list[dict[str, Any]]:
    return [{"name": name, **KEPT} for name in (INBOX, *namespaces())]
