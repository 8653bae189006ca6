"""What a publication may hold, so that no subscriber's parser gives up on it.

Many parsers of JSON call themselves for each array or object in another, and Python's gives up at
about 1,000; it also refuses whole numbers of more than 4,300 digits. A client whose parser gives up
is lost to its channel: so one publication could silence all subscribers of that kind.
"""

import re
from itertools import accumulate

from .errors import BadRequest

MAX_NESTING = 256
"""Arrays and objects within one another, at most."""
MAX_DIGITS = 4300
"""Digits in one number, at most (Python, `sys.int_info.default_max_str_digits`)."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{%d}" % (MAX_DIGITS + 1))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_REST = bytes(set(range(256)) - _STEP.keys())
_STRETCH = 256


def one_line(data: bytes) -> bytes:
    """Return JSON without line feeds, which separate messages; in its strings they are escaped."""
    return data.replace(b"\n", b"")


def check(data: bytes) -> None:
    """Refuse JSON that many parsers give up on.

    Raises:
        BadRequest: It is nested too deeply, or has a number of too many digits.
    """
    if len(data) <= 2 * MAX_NESTING:
        return  # as nearly all do: what is opened is closed, so each level takes two bytes
    check_nesting(data)
    if len(data) <= MAX_DIGITS or not _LONG_NUMBER.search(data):
        return
    if _LONG_NUMBER.search(_STRING.sub(b'""', data)):  # and not only in a string
        raise BadRequest(f"data has a number of more than {MAX_DIGITS} digits")


def check_nesting(data: bytes) -> None:
    """Refuse JSON that is nested too deeply.

    Raises:
        BadRequest: It is.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_NESTING:
        return
    brackets = _STRING.sub(b"", data).translate(None, delete=_REST)
    depth = 0
    for start in range(0, len(brackets), _STRETCH):
        stretch = brackets[start : start + _STRETCH]
        opened = stretch.count(b"[") + stretch.count(b"{")
        if depth + opened > MAX_NESTING and depth + _rise(stretch) > MAX_NESTING:
            raise BadRequest(f"data is nested more than {MAX_NESTING} deep")
        depth += 2 * opened - len(stretch)


def _rise(brackets: bytes) -> int:
    """Return by how much they go deeper than where they begin."""
    return max(accumulate(map(_STEP.__getitem__, brackets)))
