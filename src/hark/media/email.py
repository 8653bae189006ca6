"""E-mail, for those who were not there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from django.core.mail import send_mail

from hark.conf import settings
from hark.media.base import Medium

if TYPE_CHECKING:  # types name their media before any model may be loaded
    from hark.models import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Medium):
    """Mailed to the recipient, unless they have read it by then.

    Args:
        if_unread_for: How long to wait for that.
    """

    if_unread_for: timedelta = timedelta(minutes=15)


def send_email(row: "Outbox") -> None:
    """Mail the notification of an outbox row, unless it was read, archived or withdrawn by now."""
    from hark.mailing import mail_server  # noqa: PLC0415 (as above)
    from hark.render import Page  # noqa: PLC0415 (as above)

    notification = row.notification
    if notification is None or any(
        (notification.read_at, notification.archived_at, notification.deleted_at)
    ):
        return
    user = notification.user
    address: str = getattr(user, user.get_email_field_name(), "")
    if not address or not user.is_active:
        return
    text = Page([notification]).text(notification)
    link = urljoin(settings().SITE_URL, text.url) if text.url else ""
    body = "\n\n".join(part for part in (text.title, text.body, link) if part)
    subject = " ".join(text.title.split())  # a header has one line
    server = mail_server()
    send_mail(subject, body, from_email=None, recipient_list=[address], connection=server)
