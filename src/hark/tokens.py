"""What a client needs to connect: who may, to which channels, and for how long."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from hark.backends import backend
from hark.backends.base import ConnectInfo
from hark.channels import inbox_of
from hark.conf import settings


def connect_info(user_id: Any) -> ConnectInfo:
    """Return what opens this user's own inbox, and nothing else, for HARK["TOKEN_TTL"] seconds."""
    expires_at = timezone.now().replace(microsecond=0) + timedelta(seconds=settings().TOKEN_TTL)
    return backend().connect_info(str(user_id), [inbox_of(user_id)], expires_at=expires_at)
