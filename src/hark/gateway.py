"""The embedded gateway's options, from Django's settings.

It runs as a process of its own, and is never imported here. Which of its protocols is told about
follows from HARK["BACKEND"].
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from hark.channels import INBOX, namespaces
from hark.conf import settings
from hark.exceptions import HarkError

PUBNUBS_OWN = ("pndsn.com", "pubnub.com", "pubnubapi.com")
HOST = re.compile(r"\.?[a-z0-9-][a-z0-9.-]*|\[[a-f0-9]*:[a-f0-9.:]+\]")
"""A name, an IPv4 or an IPv6 address, or a domain with all below it."""
KEPT = {"history_size": 100, "history_ttl": "5m", "force_recovery": True}


class NoGateway(HarkError):
    """Screens connect to PubNub's own network."""

    def __init__(self, origin: str) -> None:
        super().__init__(f"HARK['OPTIONS']['origin'] is {origin}: PubNub's network is the gateway")


def environment() -> dict[str, str]:
    """Return the variables that the gateway reads, as HARK["OPTIONS"] has them.

    Raises:
        NoGateway: None is needed.
    """
    given = settings()
    speaks_pubnub = import_string(given.BACKEND).name == "pubnub"
    return {
        **(_pubnub if speaks_pubnub else _centrifugo)(given.OPTIONS),
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


def _centrifugo(options: Mapping[str, Any]) -> dict[str, str]:
    return {
        **_address(options["api_url"]),
        "HARK_GATEWAY_HTTP_API_KEY": options["api_key"],
        "HARK_GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": options["token_secret"],
        # What `connect/` names for networks that block WebSocket.
        "HARK_GATEWAY_HTTP_STREAM_ENABLED": "true",
        "HARK_GATEWAY_SSE_ENABLED": "true",
    }


def _pubnub(options: Mapping[str, Any]) -> dict[str, str]:
    origin = options.get("origin", "ps.pndsn.com")
    if (urlsplit(f"//{origin}").hostname or "").endswith(PUBNUBS_OWN):
        raise NoGateway(origin)
    keyset = {name: options[name] for name in ("publish_key", "subscribe_key", "secret_key")}
    return {
        # With TLS that is the proxy's address, and the gateway's own is for the operator to set.
        **({} if options.get("ssl", True) else _address(f"//{origin}")),
        "HARK_GATEWAY_PUBNUB_ENABLED": "true",
        "HARK_GATEWAY_PUBNUB_REFUSE_EARLIER_TOKENS": "true",
        "HARK_GATEWAY_PUBNUB_KEYSETS": json.dumps([keyset]),
    }


def _address(url: str) -> dict[str, str]:
    server = urlsplit(url)
    return {
        "HARK_GATEWAY_HTTP_SERVER_ADDRESS": server.hostname or "127.0.0.1",
        "HARK_GATEWAY_HTTP_SERVER_PORT": str(server.port or 8001),
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
