"""One client: its socket, how far its opening is, and what it has heard."""

import re
import socket
import struct
import time

from bench.load.dialogues import OPENINGS, Dialogue, Door, Place
from bench.load.wire import text_frame
from bench.payload import MARK, PATTERN

CHUNK = 65_536
PING = b"{}"
"""An empty reply. Centrifugo sends it in a frame of its own, or on a line beside publications, and
hangs up on whoever does not answer; no publication holds one."""
CLOSE = re.compile(rb"\x88[\x02-\x7d][\x0b-\x0f]")
"""A close frame with a code from 3000 on; nothing like it occurs within frames of text."""
_PONG = text_frame(b"{}")
_CARRIED = len(MARK) - 1
_TCP_INFO_DATA_SEGS_IN = 152  # struct tcp_info in linux/tcp.h


class Client:
    """One socket that opens by its dialogue, and then counts publications.

    Args:
        number: Sets its channel and token apart.
        door: Where it connects.
        place: What it knows from before.
        keep: Whether to keep all bytes that arrive once open, for `wire.numbers_in`.
        ages: Where to note each publication's age in ns; None only counts, which is faster.
    """

    __slots__ = (
        "ages",
        "buffer",
        "dialogue",
        "door",
        "heard",
        "is_open",
        "kept",
        "known",
        "last",
        "number",
        "place",
        "repeats",
        "sock",
        "tail",
        "until",
    )

    def __init__(
        self, number: int, door: Door, place: Place, *, keep: bool, ages: list[int] | None
    ) -> None:
        self.number = number
        self.door = door
        self.place = place
        self.ages = ages
        self.kept = bytearray() if keep else None
        self.heard = 0  # publications, repeats not counted if their numbers are noted
        self.repeats = 0
        self.known = 0  # bit N is set once publication N was heard
        self.connect()

    def connect(self) -> None:
        """Begin anew on a new socket; what was heard stays."""
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_open = False
        self.buffer = b""
        self.last = b""  # what arrived last: a server that hangs up says why in it
        self.tail = b""
        self.until = b""
        self.dialogue: Dialogue = OPENINGS[self.door.kind](self.door, self.number, self.place)
        self.sock.connect_ex(("127.0.0.1", self.door.port))

    def begin(self) -> None:
        """Say the first words; the connection stands."""
        self._say(None)

    def hear(self, chunk: bytes) -> int:
        """Take what arrived; return how many new publications it held."""
        self.last = chunk
        if self.is_open:
            if self.kept is not None:
                self.kept += chunk
            if PING in chunk and self.door.kind == "centrifuge":
                self.sock.send(_PONG)
            return self._note(chunk) if self.ages is not None else self._count(chunk)
        new = self._note(chunk) if self.ages is not None else 0
        self.buffer += chunk
        # An answer that is cut right after a brace inside of it would be taken for whole; what
        # is counted does not depend on it.
        if self.until in self.buffer and self.buffer[-1:] in b"}]\n":
            self._say(self.buffer)
        return new

    def hang_up(self) -> None:
        """Close without the lingering states of TCP, which would use up the ports."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def segments(self) -> int:
        """Return how many segments with data the kernel received: at most one per send()."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return int(struct.unpack_from("I", info, _TCP_INFO_DATA_SEGS_IN)[0])

    def _say(self, answer: bytes | None) -> None:
        self.buffer = b""
        try:
            words, self.until = self.dialogue.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            self.is_open = True
            return
        self.sock.send(words)

    def _count(self, chunk: bytes) -> int:
        """Count marks. One cut in two counts when its second half arrives."""
        if self.tail:
            chunk = self.tail + chunk
        new = chunk.count(MARK)
        self.tail = b"" if chunk.endswith(b"}") else chunk[chunk.rfind(MARK) + 1 :][-_CARRIED:]
        self.heard += new
        return new

    def _note(self, chunk: bytes) -> int:
        """Note number and age of every publication, and which were heard before."""
        now = time.monotonic_ns()
        chunk = self.tail + chunk
        assert self.ages is not None
        new, end = 0, 0
        for match in PATTERN.finditer(chunk):
            end = match.end()
            bit = 1 << int(match[1])
            if self.known & bit:
                self.repeats += 1
                continue
            self.known |= bit
            new += 1
            self.ages.append(now - int(match[2]))
        self.tail = chunk[end:][-512:]
        self.heard += new
        self.place.offset += new
        return new
