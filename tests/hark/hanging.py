"""Settings of a relay whose backend hangs for as long as somebody holds the lock of a file."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from hark.backends.base import Publication, Refused
from tests.hark.recording import RecordingBackend
from tests.settings import *  # noqa: F403

HARK = {"BACKEND": "tests.hark.hanging.HangingBackend", "PUBLISH_TIMEOUT": 0.1}


class HangingBackend(RecordingBackend):
    """Says who is about to publish, waits for the lock, and says what was published."""

    def publish(self, publications: Sequence[Publication]) -> list[Refused | None]:
        self._say("begins")
        with Path(os.environ["HARK_TEST_GATE"]).open() as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
        for each in publications:
            titles = ", ".join(item["title"] for item in each.data["items"])
            self._say(f"published {titles}")
        return super().publish(publications)

    def _say(self, what: str) -> None:
        with Path(os.environ["HARK_TEST_PUBLISHED"]).open("a") as published:
            published.write(f"{os.getpid()} {what}\n")
