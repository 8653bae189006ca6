"""How deeply a publication may be nested.

Many parsers of JSON call themselves for each array or object in another. Python's gives up at
about 1,000, and a client whose parser gives up is lost to its channel: so one publication could
silence all subscribers of that kind.
"""

import re
from itertools import accumulate

from .errors import BadRequest

MAX_NESTING = 256
"""Arrays and objects within one another, at most."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_REST = bytes(set(range(256)) - _STEP.keys())


def check_nesting(data: bytes) -> None:
    """Refuse JSON that is nested too deeply.

    Raises:
        BadRequest: It is.
    """
    if len(data) <= 2 * MAX_NESTING or data.count(b"[") + data.count(b"{") <= MAX_NESTING:
        return  # as nearly all do: what is opened is closed, so each level takes two bytes
    brackets = _STRING.sub(b"", data).translate(None, delete=_REST)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_NESTING:
        raise BadRequest(f"data is nested more than {MAX_NESTING} deep")
