"""E-mail, sent in a thread of its own: a mail server that is slow or dead delays nothing else.

No transaction is open while it is talked to. A row that is being sent is not due for a while; if
this process ends meanwhile, it is sent after that: at least once.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from hark.mailing import send_message
from hark.media.email import send_email
from hark.models import Outbox
from hark.relay import retry
from hark.relay.outbox import readable
from hark.wake import database

HELD = timedelta(minutes=10)
STOP_SECONDS = 5.0

SENDERS: dict[str, Callable[[Outbox], None]] = {
    Outbox.Kind.MESSAGE: send_message,  # first: somebody waits for it
    Outbox.Kind.EMAIL: send_email,
}

logger = logging.getLogger(__name__)


class Postman:
    """Sends e-mail whenever it is told that some is due."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def tell(self) -> None:
        """Have a look for mail; returns at once."""
        self._told.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hark-postman", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Send nothing more; wait a little for what is being sent."""
        self._stopping = True
        self._told.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while self._told.wait() and not self._stopping:
            self._told.clear()
            try:
                while not self._stopping and send_next():
                    pass
            except DatabaseError as error:
                logger.warning("Could not look for mail: %s", str(error).strip())
            except Exception:
                logger.exception("A look for mail failed")
            finally:
                connections[database()].close()


def send_next() -> bool:
    """Send one e-mail that is due; return whether there was one."""
    row = _take()
    if row is None:
        return False
    try:
        SENDERS[row.kind](row)
    except Exception as error:  # application code, a mail server
        retry.postpone(row, error)
    else:
        Outbox.objects.filter(pk=row.pk).delete()
    return True


def _take() -> Outbox | None:
    with transaction.atomic(using=database()):
        for kind in SENDERS:
            for row in readable(Outbox.objects.filter(kind=kind).claim(1)):
                row.due_at = timezone.now() + HELD
                row.save(update_fields=["due_at"])
                return row
    return None
