"""Sockets to close, since the session that opened them has ended."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from hark.backends.base import Backend, Refused
from hark.jobs.base import BackendJob
from hark.models import Outbox
from hark.relay import revocations


class Disconnect(BackendJob):
    """Closes every socket of a user, and has their tokens refused from now on."""

    kind = "disconnect"
    label = _("sockets to close")
    lost = _("their sockets stay open until the tokens end")

    def run(self, rows: Sequence[Outbox], backend: Backend) -> None:
        by_user: dict[str, list[Outbox]] = {}
        for row in rows:
            by_user.setdefault(row.subject, []).append(row)
        for user_id, concerned in by_user.items():
            revocations.note(user_id, backend)
            try:
                backend.disconnect(user_id)
            except Refused as refusal:
                for row in concerned:
                    self.failed(row, refusal)
            else:
                self.settle(concerned)
