"""What Django's settings for SQLite must say, for threads and processes to write beside each other.

Without immediate transactions, two that read and then write end in "database is locked" at once,
whatever the time-out: SQLite will not let the second write on what it read before the first.
https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

BUSY_SECONDS = 5.0
"""What Python's sqlite3 waits for a lock unless told otherwise; less is too little."""

WAL = b"\x02\x02"
"""The read and write versions in the header of a database in WAL mode, at offset 18."""


def shortcomings(database: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing in an entry of DATABASES; nothing for a database in memory."""
    name = str(database["NAME"])
    if not name or ":memory:" in name or "mode=memory" in name:
        return
    options = database.get("OPTIONS", {})
    pragmas = _pragmas(str(options.get("init_command") or ""))
    if str(options.get("transaction_mode") or "").upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        yield "transactions are not immediate"
    if pragmas.get("journal_mode", "") != "wal" and not _keeps_wal(name):
        yield "the journal is not write-ahead (WAL)"
    timeout = options.get("timeout", BUSY_SECONDS)
    with suppress(ValueError):
        timeout = int(pragmas.get("busy_timeout", "")) / 1000
    if timeout < BUSY_SECONDS:
        yield f"a lock is waited for only {timeout:g} s"


def _pragmas(script: str) -> dict[str, str]:
    found = re.findall(r"pragma\s+(?:\w+\.)?(\w+)\s*[=(]\s*['\"]?(\w+)", script, re.IGNORECASE)
    return {name.lower(): value.lower() for name, value in found}


def _keeps_wal(name: str) -> bool:
    """Tell whether the file is in WAL mode, which lasts once it was set."""
    try:
        with Path(name).open("rb") as file:
            return file.read(20)[18:] == WAL
    except OSError:
        return False
