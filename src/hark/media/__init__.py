"""Media: the ways a notification reaches a person beyond the inbox. One module for each."""

from hark.media.base import Delivery, Medium, Notified
from hark.media.email import Email

__all__ = ["Delivery", "Email", "Medium", "Notified"]
