"""What a medium is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A way to reach a person beyond the inbox. Declared on a type, carried out by the relay."""
