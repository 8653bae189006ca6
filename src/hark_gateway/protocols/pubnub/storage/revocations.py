"""Revoked tokens, each remembered until it would have expired anyway."""

from .database import Database


class RevocationStore:
    """The signatures of revoked tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.read("SELECT signature, expires FROM revocations")
        self._revoked: dict[bytes, int] = dict(rows)

    def __contains__(self, signature: bytes) -> bool:
        return signature in self._revoked

    def add(self, signature: bytes, *, expires: int) -> None:
        """Revoke the token of that signature, which expires by itself at `expires`, in seconds.

        Raises:
            NotStored: It is revoked until a restart.
        """
        self._revoked[signature] = expires
        sql = "INSERT OR REPLACE INTO revocations VALUES (?, ?)"
        self._database.write_beyond(sql, (signature, expires))

    def sweep(self, now: float) -> None:
        """Forget tokens that have expired meanwhile. Call it about once a second."""
        sql = "DELETE FROM revocations WHERE expires <= ? RETURNING signature"
        for (signature,) in self._database.write(sql, (int(now),)):
            self._revoked.pop(signature, None)
