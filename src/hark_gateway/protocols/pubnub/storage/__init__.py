"""What must be remembered.

Messages, their actions, channel groups, grants to auth keys, and revoked tokens.

In memory, or in an SQLite file when a path is given; the file is used by one gateway at a time.
Every call is short and made from the event loop.
"""

from .actions import Action, ActionStore
from .database import Database, NotStored, StorageUnusable
from .grants import FOR_EVER, GrantKey, GrantStore, TooManyGrants
from .groups import GroupStore, TooManyGroups
from .messages import Message, MessageStore, Range
from .revocations import RevocationStore

__all__ = [
    "FOR_EVER",
    "Action",
    "ActionStore",
    "Database",
    "GrantKey",
    "GrantStore",
    "GroupStore",
    "Message",
    "MessageStore",
    "NotStored",
    "Range",
    "RevocationStore",
    "StorageUnusable",
    "TooManyGrants",
    "TooManyGroups",
]
