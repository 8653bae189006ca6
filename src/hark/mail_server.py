"""The project's way to send mail."""

from typing import TYPE_CHECKING

from django.core.mail import get_connection

if TYPE_CHECKING:
    from django.core.mail.backends.base import BaseEmailBackend

TIMEOUT = 30.0
"""Seconds that a mail server may take over one step, unless EMAIL_TIMEOUT is set."""


def mail_server() -> "BaseEmailBackend":
    """Return a connection by EMAIL_BACKEND, not yet open, with an end to its patience."""
    connection = get_connection()
    if getattr(connection, "timeout", TIMEOUT) is None:  # Django's default: wait for ever
        connection.timeout = TIMEOUT  # type: ignore[attr-defined]
    return connection
