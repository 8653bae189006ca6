"""Grants to auth keys, as version 2 of the Access Manager makes them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .database import Database

MAX_GRANTS = 200_000
FOR_EVER = 1 << 62


class TooManyGrants(Exception):
    """More than can be kept."""


class GrantKey(NamedTuple):
    """To what a grant applies, and to whom; empty texts stand for everything and everybody."""

    subscribe_key: str
    kind: str
    name: str
    auth: str


class GrantStore:
    """What each auth key may do, and until when."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.read("SELECT subscribe_key, kind, name, auth, bits, expires FROM grants")
        self._grants = {GrantKey(*row[:4]): (int(row[4]), int(row[5])) for row in rows}
        self._on_keyset = Counter(key.subscribe_key for key in self._grants)

    def concern(self, subscribe_key: str) -> bool:
        """Return whether anything is granted in this way on a keyset."""
        return self._on_keyset[subscribe_key] > 0

    def put(self, keys: Iterable[GrantKey], bits: int, *, expires: int) -> None:
        """Grant exactly these bits until `expires`, in seconds; none takes back what there was.

        Raises:
            TooManyGrants, NotStored: Nothing was granted.
        """
        keys = list(keys)
        if bits and len(self._grants) + len(keys) > MAX_GRANTS:
            raise TooManyGrants
        if bits:
            sql = "INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?, ?, ?)"
            self._database.write_all(sql, [(*key, bits, expires) for key in keys])
            for key in keys:
                self._on_keyset[key.subscribe_key] += key not in self._grants
                self._grants[key] = (bits, expires)
        else:
            known = [key for key in dict.fromkeys(keys) if key in self._grants]
            sql = "DELETE FROM grants WHERE (subscribe_key, kind, name, auth) = (?, ?, ?, ?)"
            self._database.write_all(sql, known)
            for key in known:
                self._forget(key)

    def bits(self, keys: Iterator[GrantKey], *, now: float) -> int:
        """Return all bits that are granted by any of these keys."""
        found = 0
        for key in keys:
            bits, expires = self._grants.get(key, (0, 0))
            if expires > now:
                found |= bits
        return found

    def sweep(self, now: float) -> None:
        """Forget what has expired. Call it about once a second."""
        sql = "DELETE FROM grants WHERE expires <= ? RETURNING subscribe_key, kind, name, auth"
        for row in self._database.write(sql, (int(now),)):
            self._forget(GrantKey(*row))

    def _forget(self, key: GrantKey) -> None:
        del self._grants[key]
        self._on_keyset[key.subscribe_key] -= 1
