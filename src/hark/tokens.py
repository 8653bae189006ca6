"""What a client needs to connect: who may, to which channels, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hark.backends import backend
from hark.backends.base import ConnectInfo
from hark.channels import Channel, inbox_of, may_listen
from hark.conf import settings
from hark.instants import now


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What opens one more channel to a connected client."""

    channel: str
    token: str
    expires_at: datetime


def expiry() -> datetime:
    """Return when a token that is made now should expire."""
    seconds = settings().TOKEN_TTL or backend().token_ttl
    return now().replace(microsecond=0) + timedelta(seconds=seconds)


def subscription(user: Any, channel: Channel) -> Subscription | None:
    """Return what lets this user, once connected, listen to the channel; None if they may not."""
    if not may_listen(user, channel):
        return None
    expires_at = expiry()
    token = backend().subscription(str(user.pk), channel, expires_at=expires_at)
    return Subscription(channel=str(channel), token=token, expires_at=expires_at)


def connect_info(user_id: Any) -> ConnectInfo:
    """Return what opens this user's own inbox, and nothing else, until `expiry()`."""
    return backend().connect_info(str(user_id), [inbox_of(user_id)], expires_at=expiry())
