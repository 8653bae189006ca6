"""Plain JSON: what PostgreSQL can store, every backend can send and every client can parse."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

MAX_NESTING = 100
"""Lists and dicts within one another: many parsers give up at 256, some recurse to 1,000."""

MAX_ERROR = 2000
"""Characters that are kept of an error's text."""


class NotPlain(ValueError):
    """What is wrong with a value, said of it: "has …"."""


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dict as JSON has it; dates, UUIDs, decimals and lazy texts become text.

    Raises:
        NotPlain: It cannot be written, or `check` refuses it.
    """
    if not value:
        return {}
    try:
        text = json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotPlain(f"is no JSON: {error}") from error
    data: dict[str, Any] = json.loads(text)
    check(data)
    return data


def size(value: object) -> int:
    """Return the bytes of UTF-8 that a JSON value takes as text.

    Raises:
        ValueError: It holds a number of thousands of digits.
    """
    return len(json.dumps(value, ensure_ascii=False).encode())


def check(value: object, room: int = MAX_NESTING) -> None:
    """Refuse JSON values that something on their way could not take.

    Args:
        room: How deeply it may be nested.

    Raises:
        NotPlain: It is nested too deeply, or holds text that `check_text` refuses.
    """
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, (dict, list)):
        if not room:
            raise NotPlain(f"is nested more than {MAX_NESTING} deep")
        for each in value:
            check(each, room - 1)
        if isinstance(value, dict):
            for each in value.values():
                check(each, room - 1)


def described(error: Exception) -> str:
    """Return an error's class and what it says, as any database can store it and a list show it."""
    try:
        said = str(error)
    except Exception as failure:  # the application's code: even this may fail
        said = f"its text cannot be had: {type(failure).__name__}"
    text = f"{type(error).__name__}: {said}"[:MAX_ERROR]
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def check_text(text: str) -> None:
    """Refuse text that is none outside Python.

    Raises:
        NotPlain: It holds a NUL character, which PostgreSQL cannot store, or half of a surrogate
            pair, as is left of a character that was cut in two.
    """
    if "\0" in text:
        raise NotPlain("has a NUL character in its text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotPlain("has half a character (a lone surrogate) in its text") from error
