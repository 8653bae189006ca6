"""Where a request came from, as far as it can be known."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, or UNKNOWN (a Unix socket without a proxy has none).

    Each proxy appends the address that it was called from to X-Forwarded-For. So the last entries,
    as many as settings.TRUSTED_PROXIES says, are theirs; what stands before was sent to them, and
    anybody can write it.
    """
    forwarded = request.headers.get("X-Forwarded-For")
    hops = [*(forwarded.split(",") if forwarded else []), request.META.get("REMOTE_ADDR", "")]
    return normalized(hops[-min(len(hops), settings.TRUSTED_PROXIES + 1)])


def normalized(hop: str) -> str:
    """Return an address in its one spelling: without port, brackets, zone, or IPv4 within IPv6."""
    host, port = split_domain_port(hop.strip())
    text = host if port else hop.strip()
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return UNKNOWN
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
