"""What was revoked, kept until it has expired: a server that restarts has forgotten it."""

import time
from datetime import timedelta

from django.utils import timezone

from hark.backends.base import Backend
from hark.backends.base import Revocation as Told
from hark.channels import Channel
from hark.conf import settings
from hark.models import Revocation

INTERVAL = 1.0
"""Seconds between two looks at whether the server is still the one that was told."""


def note(user_id: str, backend: Backend, channel: Channel | None = None) -> None:
    """Keep that a user's tokens are worthless: all of them, or those for one channel."""
    seconds = settings().TOKEN_TTL or backend.token_ttl
    now = timezone.now()
    Revocation.objects.filter(expires_at__lt=now).delete()
    Revocation.objects.create(
        user_id=user_id,
        channel=str(channel or ""),
        issued_before=now,
        expires_at=now + timedelta(seconds=seconds),
    )


class Reminder:
    """Tells each server, once it has started, what the ones before it were told."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._told: str | None = None
        self._looks_at = 0.0

    def look(self) -> int:
        """Look, if it is time to; return whether there was anybody to ask.

        Raises:
            BackendError: It is asked again at the next look.
        """
        now = time.monotonic()
        if now < self._looks_at or self._told == "":
            return 0
        self._looks_at = now + INTERVAL
        instance = self._backend.instance()
        if instance and instance != self._told:
            self._backend.restore([_told(each) for each in self._unexpired()])
        self._told = instance
        return 1 if instance else 0

    def _unexpired(self) -> list[Revocation]:
        return list(Revocation.objects.filter(expires_at__gt=timezone.now()))


def _told(row: Revocation) -> Told:
    return Told(
        user_id=row.user_id,
        channel=Channel.parse(row.channel) if row.channel else None,
        issued_before=row.issued_before,
        expires_at=row.expires_at,
    )
