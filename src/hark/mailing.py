"""mail(): an application's own e-mail, sent by the relay once the transaction is committed."""

from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection

from hark.exceptions import NotSerializable, TooLarge
from hark.models import Outbox
from hark.plain import NotPlain, plain, size
from hark.wake import wake_on_commit

if TYPE_CHECKING:
    from django.core.mail.backends.base import BaseEmailBackend

MAX_BYTES = 1024 * 1024
TIMEOUT = 30.0
"""Seconds that a mail server may take over one step, unless EMAIL_TIMEOUT is set."""

FIELDS = ("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "extra_headers")


def mail(message: EmailMessage) -> None:
    """Send an e-mail once the present transaction is committed: at least once, by the relay.

    So no request waits for a mail server or fails with it, and a transaction that is rolled back
    sends nothing. Until it is sent, the text is in the outbox; the admin does not show it.

    Args:
        message: Without attachments. It leaves through the project's own EMAIL_BACKEND.

    Raises:
        NotSerializable: It has attachments, or text that no database can store.
        TooLarge: It takes more than 1 MiB.
    """
    if message.attachments:
        raise NotSerializable("the e-mail", message, "has attachments; link to them instead")
    values: dict[str, Any] = {name: getattr(message, name) for name in FIELDS}
    values["subtype"] = message.content_subtype
    values["alternatives"] = [list(each) for each in getattr(message, "alternatives", [])]
    try:
        payload = plain(values)
    except NotPlain as error:
        raise NotSerializable("the e-mail", message, str(error)) from error
    if (taken := size(payload)) > MAX_BYTES:
        raise TooLarge("the e-mail", taken, MAX_BYTES)
    to = ", ".join(map(str, message.recipients()))
    Outbox.objects.create(kind=Outbox.Kind.MESSAGE, subject=to[:255], payload=payload)
    wake_on_commit()


def send_message(row: Outbox) -> None:
    """Send the e-mail of an outbox row."""
    values = dict(row.payload)
    alternatives, subtype = values.pop("alternatives"), values.pop("subtype")
    headers = values.pop("extra_headers")
    message = EmailMultiAlternatives(**values, headers=headers, connection=mail_server())
    message.content_subtype = subtype
    for content, mimetype in alternatives:
        message.attach_alternative(content, mimetype)
    message.send()


def mail_server() -> "BaseEmailBackend":
    """Return the project's way to send mail, with an end to its patience."""
    connection = get_connection()
    if getattr(connection, "timeout", TIMEOUT) is None:  # Django's default: wait for ever
        connection.timeout = TIMEOUT  # type: ignore[attr-defined]
    return connection
