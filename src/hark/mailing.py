"""mail(): an application's own e-mail, sent by the relay once the transaction is committed."""

from typing import Any

from django.core.mail import EmailMessage

from hark.exceptions import NotSerializable, TooLarge
from hark.jobs.message import SendMessage
from hark.plain import NotPlain, plain, size

MAX_BYTES = 1024 * 1024
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
    SendMessage.owe(to[:255], payload)
