"""E-mail, for those who were not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.mail import send_mail
from django.utils.translation import gettext_lazy as _

from hark.mail_server import mail_server
from hark.media.base import Delivery, Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Medium):
    """Mailed to the recipient, unless they have read it by then.

    Args:
        if_unread_for: How long to wait for that.
    """

    name = "email"
    label = _("e-mail")

    if_unread_for: timedelta = timedelta(minutes=15)

    @property
    def wait(self) -> timedelta:
        return self.if_unread_for

    def deliver(self, batch: Sequence[Delivery]) -> None:
        for each in batch:
            user = each.recipient
            address = getattr(user, user.get_email_field_name(), "")
            if not address:
                continue
            subject = " ".join(each.title.split())  # a header has one line
            body = "\n\n".join(part for part in (each.title, each.body, each.link) if part)
            server = mail_server()
            send_mail(subject, body, from_email=None, recipient_list=[address], connection=server)
