"""Why the hub, or a check in front of it, refuses. Each protocol owns the codes it answers with.

HubError
├── BadRequest          what was asked makes no sense
├── UnknownChannel      no namespace of that name is configured
├── NotPermitted        the grant does not allow it
├── NotAvailable        the channel's options do not include it
├── AlreadySubscribed
├── LimitExceeded
├── Unrecoverable       publications between the reader's position and the present are gone
├── InvalidToken        forged, malformed, or for another
├── TokenExpired        was valid once: fetch a new one
└── Expired             the token is valid, the time it grants is over
"""


class HubError(Exception):
    """Base of every refusal. The message may be shown to operators, and says no secret."""


class BadRequest(HubError):
    """What was asked makes no sense."""


class UnknownChannel(HubError):
    """No namespace of that name is configured."""


class NotPermitted(HubError):
    """The grant does not allow it."""


class NotAvailable(HubError):
    """The channel's options do not include it."""


class AlreadySubscribed(HubError):
    """One subscriber holds at most one subscription to a channel."""


class LimitExceeded(HubError):
    """One more than is allowed."""


class Unrecoverable(HubError):
    """Publications between the reader's position and the present are gone."""


class InvalidToken(HubError):
    """The token is forged, malformed, or meant for another; the message says which, for logs."""


class TokenExpired(HubError):
    """The token was valid once, or will be."""


class Expired(HubError):
    """The token is valid, but the time it grants is over."""
