"""Which outbox rows a new notification has for its type's media, and which medium a row means.

A type may name a medium twice, say to remind again after a day: a row says which of them it is for,
unless that is the first.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from hark.media.base import Medium
from hark.types import names, registered, type_named


class Plan(NamedTuple):
    """What numbering writes for each notification of a type that has just arrived."""

    type: str
    kind: str
    wait: timedelta
    payload: Mapping[str, Any]


def plans() -> list[Plan]:
    """Return what is to be written for every type and each of its media."""
    found = []
    for name in names():
        named: list[str] = []
        for medium in registered(name).media:
            nth = named.count(medium.name)
            named.append(medium.name)
            found.append(Plan(name, medium.name, medium.wait, {"nth": nth} if nth else {}))
    return found


def declared(type_name: str, kind: str, payload: Mapping[str, Any]) -> Medium | None:
    """Return the medium that a row was written for; None if its type names it no more.

    Raises:
        LookupError: The type is not registered, so nobody knows what it wants.
    """
    cls = type_named(type_name)
    if cls is None:
        raise LookupError(f"no type is registered as {type_name!r}")
    same = [medium for medium in cls.media if medium.name == kind]
    nth = payload.get("nth", 0)
    return same[nth] if nth < len(same) else None
