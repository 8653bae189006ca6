"""`HARK["OPTIONS"]` of `PubNubBackend`."""

import json
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from hark.backends.embedded import NoGateway, listening_at
from hark.backends.options import FILLED, Rule

PUBNUBS_OWN = ("pndsn.com", "pubnub.com", "pubnubapi.com")
ASCII = Rule(lambda name: name.isascii() and name.isprintable(), "must be plain ASCII")
HOST = Rule(
    lambda origin: bool(origin) and "/" not in origin,
    'must be a host such as "ps.pndsn.com", without a scheme',
)
HOURS = Rule(lambda hours: hours >= 0, "must be a number of hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class PubNubOptions:
    """HARK["OPTIONS"] for this backend."""

    publish_key: Annotated[str, FILLED]
    """From PubNub's admin portal, or the gateway's `pubnub.keysets`."""

    subscribe_key: Annotated[str, FILLED]
    """The same."""

    secret_key: Annotated[str, FILLED]
    """The same; it never leaves the server."""

    user_id: Annotated[str, ASCII, FILLED] = "hark"
    """Whom messages come from, in plain ASCII."""

    origin: Annotated[str, HOST] = "ps.pndsn.com"
    """Host, and port if it is unusual, without a scheme."""

    ssl: bool = True
    """Whether the origin speaks TLS; only a gateway on this machine should not."""

    message_ttl: Annotated[int, HOURS] = 24
    """Hours that PubNub stores a message; 0 leaves it to the keyset."""

    def gateway_environment(self) -> dict[str, str]:
        """Return the variables with which the gateway is the server of these options.

        Raises:
            NoGateway: The origin is PubNub's own.
        """
        if (urlsplit(f"//{self.origin}").hostname or "").endswith(PUBNUBS_OWN):
            raise NoGateway(
                f"HARK['OPTIONS']['origin'] is {self.origin}: PubNub's network is the gateway"
            )
        names = ("publish_key", "subscribe_key", "secret_key")
        keyset = {name: getattr(self, name) for name in names}
        return {
            # With TLS that is the proxy's address; the gateway's own is for the operator to set.
            **({} if self.ssl else listening_at(f"//{self.origin}")),
            "HARK_GATEWAY_PUBNUB_ENABLED": "true",
            "HARK_GATEWAY_PUBNUB_REFUSE_EARLIER_TOKENS": "true",
            "HARK_GATEWAY_PUBNUB_KEYSETS": json.dumps([keyset]),
        }
