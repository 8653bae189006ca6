"""Where the limits count: in the database, so that all workers and machines count together."""

from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections


class Counters(DatabaseCache):
    """Forgets nothing before its time.

    Django's own drops a third of what it holds as soon as there is too much of it: whoever makes
    enough other counters would have the one of their guesses forgotten.
    """

    _table: str

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:  # noqa: ARG002
        """Remove what has expired; called with each write while there are MAX_ENTRIES or more."""
        operations = connections[db].ops
        cursor.execute(
            f"DELETE FROM {operations.quote_name(self._table)} WHERE expires < %s",  # noqa: S608
            [operations.adapt_datetimefield_value(now)],
        )
