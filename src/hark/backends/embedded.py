"""What a backend tells the embedded gateway, in the variables that it reads."""

from urllib.parse import urlsplit

from hark.exceptions import HarkError


class NoGateway(HarkError):
    """Screens connect elsewhere, so that there is none to run. The text says where."""


def listening_at(url: str) -> dict[str, str]:
    """Return the variables with which the gateway answers at this address."""
    server = urlsplit(url)
    return {
        "HARK_GATEWAY_HTTP_SERVER_ADDRESS": server.hostname or "127.0.0.1",
        "HARK_GATEWAY_HTTP_SERVER_PORT": str(server.port or 8001),
    }
