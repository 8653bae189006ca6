"""An application's own e-mail."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from hark.jobs.base import SlowJob
from hark.mail_server import mail_server
from hark.models import Outbox


class SendMessage(SlowJob):
    """Sends what `mail()` was given."""

    kind = "message"
    label = _("e-mail of the application's own")
    lost = _("the e-mail is never sent")
    is_secret = True  # it may hold a link that opens its reader's account

    def handle(self, row: Outbox) -> None:
        values = dict(row.payload)
        alternatives, subtype = values.pop("alternatives"), values.pop("subtype")
        headers = values.pop("extra_headers")
        message = EmailMultiAlternatives(**values, headers=headers, connection=mail_server())
        message.content_subtype = subtype
        for content, mimetype in alternatives:
            message.attach_alternative(content, mimetype)
        message.send()
