"""E-mail, for those who were not there."""

from dataclasses import dataclass
from datetime import timedelta

from hark.media.base import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Medium):
    """Mailed to the recipient, unless they have read it by then.

    Args:
        if_unread_for: How long to wait for that.
    """

    if_unread_for: timedelta = timedelta(minutes=15)
