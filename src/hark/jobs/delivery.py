"""Notifications that are to leave by a medium: one kind of row for each medium."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hark.conf import settings
from hark.jobs.base import SlowBatchJob
from hark.media.base import Delivery, Medium
from hark.media.planning import declared
from hark.models import Notification, Outbox
from hark.render import Page


class Deliver(SlowBatchJob):
    """Asks a medium when each notification is to leave, and has it delivered then."""

    lost = _("the notification never leaves by this medium")

    def __init__(self, medium: type[Medium]) -> None:
        self.kind = medium.name
        self.label = medium.label
        self.batch_size = medium.batch_size

    def run(self, rows: Sequence[Outbox]) -> None:
        batches: dict[Medium, list[_Item]] = {}
        for row in rows:
            try:
                if found := self._due(row):
                    medium, notification = found
                    batches.setdefault(medium, []).append(_Item(row, notification))
            except Exception as error:  # application code, or a damaged row
                self.failed(row, error)
        for medium, items in batches.items():
            self._deliver(medium, items)

    def _due(self, row: Outbox) -> tuple[Medium, Notification] | None:
        """Return what is to leave now, and how; else the row is settled, or due later."""
        notification = row.notification
        if notification is None or notification.deleted_at or not notification.user.is_active:
            self.settle([row])
            return None
        medium = declared(row.subject, row.kind, row.payload)
        wait = medium.when(notification, notification.user) if medium else None
        if medium is None or wait is None:
            self.settle([row])
            return None
        now = timezone.now()
        # That the row was due is the database's word; its clock may be ahead of this one.
        if wait > medium.wait and notification.created_at + wait > max(now, row.due_at or now):
            Outbox.objects.filter(pk=row.pk).update(due_at=notification.created_at + wait)
            return None
        return medium, notification

    def _deliver(self, medium: Medium, items: Sequence["_Item"]) -> None:
        try:
            page = Page([item.notification for item in items])
            deliveries = [_delivery(page, item.notification) for item in items]
            failures = dict(medium.deliver(deliveries) or ())
        except Exception as error:  # application code, a foreign service
            for item in items:
                self.failed(item.row, error)
            return
        done = []
        for item, delivery in zip(items, deliveries, strict=True):
            if delivery in failures:
                self.failed(item.row, failures[delivery])
            else:
                done.append(item.row)
        self.settle(done)


class _Item(NamedTuple):
    row: Outbox
    notification: Notification


def _delivery(page: Page, notification: Notification) -> Delivery:
    text = page.text(notification)
    return Delivery(
        id=notification.pk,
        type=notification.type,
        recipient=notification.user,
        title=text.title,
        body=text.body,
        link=urljoin(settings().SITE_URL, text.url) if text.url else "",
    )
