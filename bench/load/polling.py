"""A client of long polls: each answer is followed by the next request, at once."""

import re
import time

from bench.load.clients import Client
from bench.load.dialogues import END_OF_HEAD, poll_request, timetoken_in

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


class Poller(Client):
    """Polls for ever from the timetoken of its last answer, as PubNub's SDKs do.

    If ages are noted, so is when each answer came that brought nothing, in ns.
    """

    __slots__ = ("answer",)

    def connect(self) -> None:
        self.answer = b""
        super().connect()

    def hear(self, chunk: bytes) -> int:
        """Take what arrived; ask again once the answer is whole."""
        was_open = self.is_open
        new = super().hear(chunk)
        if was_open:
            self.answer += chunk
            if not _is_whole(self.answer):
                return new
            if self.ages is not None and b'"m":[]' in self.answer:
                self.ages.append(time.monotonic_ns())
            self.place.epoch = timetoken_in(self.answer)
            self.answer = b""
        if self.is_open:
            place = self.place
            self.sock.send(poll_request(self.door, self.number, place.epoch, place.token))
        return new


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(END_OF_HEAD)
    length = _LENGTH.search(head + end)
    return length is not None and len(body) >= int(length[1])
