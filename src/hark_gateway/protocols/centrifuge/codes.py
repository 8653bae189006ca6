"""Codes of the protocol: of errors, of disconnects, of unsubscribes.

The protocol's own tables: https://centrifugal.dev/docs/server/codes. The range of a disconnect
code tells clients whether to come back: 3500 to 3999 and 4500 to 4999 do not, all others do.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hark_gateway.hub import errors as causes
from hark_gateway.keys import KeysUnavailable


class Error(NamedTuple):
    """What a reply carries instead of a result. A temporary one is worth another try."""

    code: int
    message: str
    temporary: bool = False


class Disconnect(NamedTuple):
    """Why the server ends a connection."""

    code: int
    reason: str


class Unsubscribe(NamedTuple):
    """Why the server ends a subscription; from 2500 on clients subscribe again at once."""

    code: int
    reason: str


INTERNAL = Error(100, "internal server error", temporary=True)
UNKNOWN_CHANNEL = Error(102, "unknown channel")
PERMISSION_DENIED = Error(103, "permission denied")
METHOD_NOT_FOUND = Error(104, "method not found")
ALREADY_SUBSCRIBED = Error(105, "already subscribed")
LIMIT_EXCEEDED = Error(106, "limit exceeded")
BAD_REQUEST = Error(107, "bad request")
NOT_AVAILABLE = Error(108, "not available")
TOKEN_EXPIRED = Error(109, "token expired")
EXPIRED = Error(110, "expired")
TOO_MANY_REQUESTS = Error(111, "too many requests", temporary=True)
UNRECOVERABLE_POSITION = Error(112, "unrecoverable position")

ERRORS: Mapping[type[causes.HubError], Error] = {
    causes.BadRequest: BAD_REQUEST,
    causes.UnknownChannel: UNKNOWN_CHANNEL,
    causes.NotPermitted: PERMISSION_DENIED,
    causes.NotAvailable: NOT_AVAILABLE,
    causes.AlreadySubscribed: ALREADY_SUBSCRIBED,
    causes.LimitExceeded: LIMIT_EXCEEDED,
    causes.Unrecoverable: UNRECOVERABLE_POSITION,
    causes.InvalidToken: PERMISSION_DENIED,
    causes.TokenExpired: TOKEN_EXPIRED,
    causes.Expired: EXPIRED,
    KeysUnavailable: INTERNAL,
}

SHUTDOWN = Disconnect(3001, "shutdown")
SERVER_ERROR = Disconnect(3004, "internal server error")
CONNECTION_EXPIRED = Disconnect(3005, "connection expired")
SUBSCRIPTION_EXPIRED = Disconnect(3006, "subscription expired")
SLOW = Disconnect(3008, "slow")
INSUFFICIENT_STATE = Disconnect(3010, "insufficient state")
NO_PONG = Disconnect(3012, "no pong")
TOO_MANY = Disconnect(3013, "too many requests")
STATE_INVALIDATED = Disconnect(3014, "state invalidated")
INVALID_TOKEN = Disconnect(3500, "invalid token")
MALFORMED = Disconnect(3501, "bad request")
STALE = Disconnect(3502, "stale")
FORCE_DISCONNECT = Disconnect(3503, "force disconnect")
CONNECTION_LIMIT = Disconnect(3504, "connection limit")
CHANNEL_LIMIT = Disconnect(3505, "channel limit")
NOT_PERMITTED = Disconnect(3507, "permission denied")
NO_HANDLER = Disconnect(3508, "not available")

SERVER_UNSUBSCRIBE = Unsubscribe(2000, "server unsubscribe")
STATE_LOST = Unsubscribe(2500, "insufficient state")
SUBSCRIPTION_OVER = Unsubscribe(2501, "subscription expired")

UNIDIRECTIONAL: Mapping[int, Disconnect] = {
    TOKEN_EXPIRED.code: CONNECTION_EXPIRED,
    EXPIRED.code: CONNECTION_EXPIRED,
    TOO_MANY_REQUESTS.code: TOO_MANY,
    PERMISSION_DENIED.code: NOT_PERMITTED,
}
"""What errors become where there are no replies; all others become SERVER_ERROR."""


class Disconnected(Exception):
    """The command ends the connection instead of getting a reply.

    Args:
        cause: What the log should say of it, if anything.
    """

    def __init__(self, disconnect: Disconnect, cause: str = "") -> None:
        super().__init__(disconnect)
        self.disconnect, self.cause = disconnect, cause
