"""One line of what `manage.py hark doctor` reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what to do if it is not well.

    Attributes:
        stops: Whether there is no sense in looking at anything else before that is done.
    """

    well: bool
    text: str
    advice: str = ""
    stops: bool = False
