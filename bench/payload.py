"""What the benchmarks publish: JSON of a fixed size that tells its number and its moment."""

import re
import time

SIZE = 200
MARK = b'{"bench":"'
PATTERN = re.compile(rb'\{"bench":"(\d{8})","at":"(\d{20})","text":"(\w*)"\}')
_FRAME = '{{"bench":"{:08}","at":"{:020}","text":"{}"}}'
_TEXT = ("hark" * SIZE)[: SIZE - len(_FRAME.format(0, 0, ""))]


def make_payload(number: int) -> bytes:
    """Return publication `number`, `SIZE` bytes long, stamped with the monotonic clock."""
    return _FRAME.format(number, time.monotonic_ns(), _TEXT).encode()


def is_intact(payload: bytes) -> bool:
    """Return whether `payload` is exactly as `make_payload` made it."""
    match = PATTERN.fullmatch(payload)
    return match is not None and match[3] == _TEXT.encode()
