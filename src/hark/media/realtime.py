"""In-app: the recipient's open screens. Every type has it; naming it only says so to the reader."""

from dataclasses import dataclass

from hark.media.base import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Realtime(Medium):
    """Shown at once on every screen that the recipient has open."""
