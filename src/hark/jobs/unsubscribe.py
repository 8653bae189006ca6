"""Subscriptions to end, of those who may no longer listen."""

from collections.abc import Sequence
from functools import partial

from django.utils.translation import gettext_lazy as _

from hark.backends.base import Backend
from hark.channels import Channel
from hark.jobs.base import BackendJob
from hark.models import Outbox
from hark.relay import revocations


class Unsubscribe(BackendJob):
    """Ends a user's subscriptions to one channel, and has tokens for it refused."""

    kind = "unsubscribe"
    label = _("subscriptions to end")
    lost = _("they hear that channel until the token ends")

    def run(self, rows: Sequence[Outbox], backend: Backend) -> None:
        self.settle([row for row in rows if self.attempt(row, partial(_end, backend))])


def _end(backend: Backend, row: Outbox) -> None:
    channel = Channel.parse(row.payload["channel"])
    revocations.note(row.subject, backend, channel)
    backend.unsubscribe(row.subject, channel)
