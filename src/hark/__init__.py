"""Real-time notifications for Django: stored first, live a moment later.

The names below are the whole of what an application needs in its own code. Those that touch models
are loaded when first used, because Django imports this package before any model may be.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hark.channels import Channel, channel
from hark.types import NotificationType, register

if TYPE_CHECKING:
    from hark.mailing import mail
    from hark.publishing import publish
    from hark.recall import amend, withdraw
    from hark.receivers import notifies, notify_created
    from hark.sending import notify
    from hark.sessions import disconnect, unsubscribe

__all__ = [
    "Channel",
    "NotificationType",
    "amend",
    "channel",
    "disconnect",
    "mail",
    "notifies",
    "notify",
    "notify_created",
    "publish",
    "register",
    "unsubscribe",
    "withdraw",
]

_HOMES = {
    "amend": "hark.recall",
    "disconnect": "hark.sessions",
    "mail": "hark.mailing",
    "notifies": "hark.receivers",
    "notify": "hark.sending",
    "notify_created": "hark.receivers",
    "publish": "hark.publishing",
    "unsubscribe": "hark.sessions",
    "withdraw": "hark.recall",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
