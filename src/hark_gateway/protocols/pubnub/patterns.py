"""Regular expressions of grants, matched against whole names in bounded time.

A pattern comes from whoever holds the secret key, but names come from anybody, and a backtracking
matcher can be made to spend hours on 92 characters. So they are RE2's, as in PubNub's own Access
Manager: its automata take time proportional to the name's length and memory up to a limit. What
would need backtracking (back-references, lookaround) is no syntax of RE2.
"""

from functools import lru_cache
from typing import Any

import re2

MAX_CHARACTERS = 512
MAX_BYTES = 262_144
"""Memory of one pattern: its program, and what it remembers of the names it has judged."""
_MAX_KEPT = 1024
"""Patterns kept: some 256 MiB, were each as large as may be."""


class BadPattern(ValueError):
    """A pattern cannot be read, needs backtracking, or grows beyond the limit."""


class Pattern:
    """A regular expression that matches whole names only.

    Args:
        text: In the syntax of RE2 (https://github.com/google/re2/wiki/Syntax).

    Raises:
        BadPattern: See there.
    """

    __slots__ = ("_expression",)

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise BadPattern(f"a pattern has at most {MAX_CHARACTERS} characters")
        try:
            self._expression = re2.compile(text, _options())
        except UnicodeEncodeError:
            raise BadPattern("a pattern is Unicode text without lone surrogates") from None
        except re2.error as fault:
            raise BadPattern(_explained(fault)) from None

    def matches(self, name: str) -> bool:
        """Return whether the pattern matches the whole of `name`."""
        try:
            return self._expression.fullmatch(name.encode()) is not None
        except UnicodeEncodeError:  # a lone surrogate is in no alphabet
            return False


def matches(text: str, name: str) -> bool:
    """Return whether the pattern `text` matches `name`; one that cannot be read matches nothing."""
    pattern = compiled(text)
    return pattern is not None and pattern.matches(name)


@lru_cache(maxsize=_MAX_KEPT)
def compiled(text: str) -> Pattern | None:
    """Return the pattern for `text`, the same one for all tokens that have it, if it is one."""
    try:
        return Pattern(text)
    except BadPattern:  # granted before such patterns were refused
        return None


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MAX_BYTES
    options.never_capture = True  # only whether a name matches is asked
    options.log_errors = False  # on standard error, past our log
    return options


def _explained(fault: re2.error) -> str:
    """Return RE2's own words, and what to do about them."""
    words: str = fault.args[0].decode(errors="replace")
    if words.startswith(("pattern too large", "invalid repetition size")):
        return f"{words}; too large: shorten its repetitions"
    return f"{words}; patterns are written in the syntax of RE2"
