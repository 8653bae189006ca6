"""For the tests of others: what was sent (`captured`), and what any backend has to keep.

Needs no test runner; nothing of it is imported in production.
"""

from hark.testing.contract import BackendContract
from hark.testing.screen import NotAdmitted, Screen
from hark.testing.sent import Sent, captured

__all__ = ["BackendContract", "NotAdmitted", "Screen", "Sent", "captured"]
