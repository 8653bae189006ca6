"""Media: the ways a notification reaches a person beyond the inbox. One module for each."""

from hark.media.base import Medium
from hark.media.email import Email
from hark.media.realtime import Realtime

__all__ = ["Email", "Medium", "Realtime"]
