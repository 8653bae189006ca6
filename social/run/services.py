"""Which processes the application is made of."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from social import development
from social.run.elsewhere import needs_gateway
from social.run.processes import Service


def describe_services(environment: Mapping[str, str], *, data: Path) -> list[Service]:
    """Return gateway, relay and web server, in the order in which they need each other.

    No gateway is among them if all connect elsewhere: to a Centrifugo server, or PubNub's network.

    Args:
        environment: What all of them get; PORT and GATEWAY_PORT say where they listen.
        data: The folder for what the gateway keeps, and for a log file each in `logs`.
    """
    logs = data / "logs"
    port, gateway_port = environment["PORT"], environment["GATEWAY_PORT"]
    manage = [sys.executable, str(development.ROOT / "manage.py")]
    kept = {"HARK_GATEWAY_PUBNUB_STORAGE_PATH": str(data / "pubnub.sqlite3")}
    gateway = Service(
        "gateway",
        [*manage, "hark", "gateway"],
        {**kept, **environment},
        logs / "gateway.log",
        lambda: is_healthy(f"http://127.0.0.1:{gateway_port}/health"),
    )
    return [
        *([gateway] if needs_gateway(environment) else []),
        Service("relay", [*manage, "hark", "relay"], environment, logs / "relay.log"),
        Service(
            "web",
            [sys.executable, "-m", "social.run.web", port],
            environment,
            logs / "web.log",
            lambda: is_healthy(f"http://127.0.0.1:{port}/readyz"),
        ),
    ]


def is_healthy(url: str) -> bool:
    """Return whether a GET of `url` is answered with 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (always http)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
