"""What applications publish in channels of their own."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from hark.backends.base import Backend, Publication
from hark.channels import Channel
from hark.jobs.base import BackendJob
from hark.models import Outbox


class Publish(BackendJob):
    """Publishes, in order within each channel."""

    kind = "publication"
    label = _("publication")
    lost = _("whoever listens to that channel never gets it")
    ordered = True

    def run(self, rows: Sequence[Outbox], backend: Backend) -> None:
        sound = [(row, made) for row in rows if (made := self._publication(row))]
        if not sound:
            return
        outcomes = backend.publish([publication for _row, publication in sound])
        settled = list(zip(sound, outcomes, strict=True))
        self.settle([row for (row, _made), refusal in settled if refusal is None])
        for (row, _made), refusal in settled:
            if refusal:
                self.failed(row, refusal)

    def _publication(self, row: Outbox) -> Publication | None:
        """Return what to publish; None if the row is damaged, which is noted."""
        try:
            if not isinstance(row.payload, dict):
                raise TypeError(f"the payload is no JSON object but {row.payload!r:.100}")
            return Publication(channel=Channel.parse(row.subject), data=row.payload)
        except Exception as error:
            self.failed(row, error)
            return None
