"""What of the application is ours to start, and what somebody runs elsewhere."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ADDRESSES = {"HARK_URL": "screens connect to", "HARK_API_URL": "the relay publishes to"}
"""Where a Centrifugo server may be instead of our gateway; unset, it is our gateway."""


def needs_gateway(environment: Mapping[str, str]) -> bool:
    """Return whether anything is to connect to a gateway that `make run` starts.

    Args:
        environment: With GATEWAY_PORT; the other variables may be unset.
    """
    if environment.get("HARK_BACKEND") == "pubnub":
        origin = environment.get("PUBNUB_ORIGIN")
        return origin is not None and is_ours(f"//{origin}", environment)
    return any(is_ours(environment.get(name), environment) for name in ADDRESSES)


def described(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each part that runs elsewhere."""
    if environment.get("HARK_BACKEND") == "pubnub":
        if needs_gateway(environment):
            return []
        return [f"Screens and the relay connect to {environment.get('PUBNUB_ORIGIN') or 'PubNub'}."]
    return [
        f"{text[0].upper()}{text[1:]} {environment[name]} ({name}), which is not started here."
        for name, text in ADDRESSES.items()
        if not is_ours(environment.get(name), environment)
    ]


def is_ours(url: str | None, environment: Mapping[str, str]) -> bool:
    """Return whether a URL leads to GATEWAY_PORT of this machine; without one, it does."""
    if not url:
        return True
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "ws": 80}.get(parts.scheme, 443)
    except ValueError:  # no port that there can be; who connects to it will say so
        return False
    return parts.hostname in LOOPBACK and port == int(environment["GATEWAY_PORT"])
