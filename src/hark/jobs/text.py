"""Texts that could not be made: kept for the operator, and shown once they can be."""

from django.utils.translation import gettext_lazy as _

from hark import log
from hark.jobs.base import DatabaseJob
from hark.models import Outbox
from hark.render import Page


class RetryText(DatabaseJob):
    """Shows again what could not be made into text, once somebody asked for that."""

    kind = "text"
    label = _("text that could not be made")
    lost = _("nobody is reminded that this text could not be made")

    def handle(self, row: Outbox) -> None:
        notification = row.notification
        if notification is None or notification.deleted_at is not None:
            return
        if error := Page([notification]).text(notification).error:
            raise RuntimeError(error)
        log.number(log.lock([notification.user_id]), [notification])
