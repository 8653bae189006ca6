"""The embedded gateway's options, from Django's settings. It runs as a process of its own, and is
never imported here.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from hark.channels import INBOX, namespaces
from hark.conf import settings

KEPT = {"history_size": 100, "history_ttl": "5m", "force_recovery": True}


def environment() -> dict[str, str]:
    """Return the variables that the gateway reads, as HARK["OPTIONS"] has them."""
    options = settings().OPTIONS
    api = urlsplit(options["api_url"])
    return {
        "HARK_GATEWAY_HTTP_SERVER_ADDRESS": api.hostname or "127.0.0.1",
        "HARK_GATEWAY_HTTP_SERVER_PORT": str(api.port or 8000),
        "HARK_GATEWAY_HTTP_API_KEY": options["api_key"],
        "HARK_GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": options["token_secret"],
        "HARK_GATEWAY_CLIENT_ALLOWED_ORIGINS": " ".join(_origins()),
        "HARK_GATEWAY_CHANNEL_NAMESPACES": json.dumps(_namespaces()),
    }


def _origins() -> list[str]:
    """Return which pages may connect: those of the hosts that Django answers for."""
    hosts = django_settings.ALLOWED_HOSTS
    if not hosts and django_settings.DEBUG:
        hosts = ["localhost", "127.0.0.1", "[::1]"]  # what Django itself allows then
    patterns = [
        "*" if host == "*" else host.replace(".", "*.", 1) if host[0] == "." else host
        for host in hosts
    ]
    return [
        origin
        for each in patterns
        for origin in (["*"] if each == "*" else [f"*://{each}", f"*://{each}:*"])
    ]


def _namespaces() -> list[dict[str, Any]]:
    return [{"name": name, **KEPT} for name in (INBOX, *namespaces())]
