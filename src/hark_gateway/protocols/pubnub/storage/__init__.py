"""What must be remembered: messages, their actions, channel groups, and revoked tokens.

In memory, or in an SQLite file when a path is given; the file is used by one gateway at a time.
Every call is short and made from the event loop.
"""

from .actions import Action, ActionStore
from .database import Database, StorageUnusable
from .groups import GroupStore, TooManyGroups
from .messages import Message, MessageStore, Range
from .revocations import RevocationStore

__all__ = [
    "Action",
    "ActionStore",
    "Database",
    "GroupStore",
    "Message",
    "MessageStore",
    "Range",
    "RevocationStore",
    "StorageUnusable",
    "TooManyGroups",
]
