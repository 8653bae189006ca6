"""Who is connected, by client id and by user."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


class Clients:
    """All sessions that have connected and not gone."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}
        # Most users have one session, and a dictionary for it would take a tenth of its memory.
        self._by_user: dict[str, Session | dict[Session, None]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator["Session"]:
        return iter(tuple(self._by_id.values()))

    @property
    def users(self) -> int:
        """How many different users are connected."""
        return len(self._by_user)

    def add(self, session: "Session") -> None:
        """Take in a session that has just connected."""
        self._by_id[session.client] = session
        present = self._by_user.get(session.user)
        if present is None:
            self._by_user[session.user] = session
        elif isinstance(present, dict):
            present[session] = None
        else:
            self._by_user[session.user] = {present: None, session: None}

    def remove(self, session: "Session") -> None:
        """Let go of a session."""
        if self._by_id.pop(session.client, None) is None:
            return
        present = self._by_user[session.user]
        if isinstance(present, dict):
            del present[session]
        if present is session or not present:
            del self._by_user[session.user]

    def of(self, user: str) -> tuple["Session", ...]:
        """Return all sessions of a user; "" is the anonymous one."""
        present = self._by_user.get(user, ())
        return (*present,) if isinstance(present, dict | tuple) else (present,)

    def find(self, client: str) -> "Session | None":
        """Return the session with that client id."""
        return self._by_id.get(client)
