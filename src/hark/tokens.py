"""What a client needs to connect: who may, to which channels, and for how long."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from hark import sql
from hark.backends import backend
from hark.backends.base import ConnectInfo
from hark.channels import Channel, inbox_of, may_listen
from hark.conf import settings
from hark.instants import now
from hark.wake import database

logger = logging.getLogger(__name__)


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
    if not _admits(user, channel):
        return None
    expires_at = expiry()
    token = backend().subscription(str(user.pk), channel, expires_at=expires_at)
    return Subscription(channel=str(channel), token=token, expires_at=expires_at)


def _admits(user: Any, channel: Channel) -> bool:
    """Ask the channel's policy; one that fails, as at a key of another form, admits nobody."""
    try:
        with sql.isolated(database()):
            return may_listen(user, channel)
    except (PermissionDenied, Http404):
        return False
    except Exception as error:
        if sql.may_pass(error):  # or else a client would take it for an answer, and never ask again
            raise
        logger.exception("The policy of %r fails at the key %r", channel.namespace, channel.key)
        return False


def connect_info(user_id: Any) -> ConnectInfo:
    """Return what opens this user's own inbox, and nothing else, until `expiry()`."""
    return backend().connect_info(str(user_id), [inbox_of(user_id)], expires_at=expiry())
