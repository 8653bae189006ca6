"""The application's REST API as a signed-in person's client uses it, by a session token."""

from dataclasses import dataclass
from typing import Any

import httpx

TIMEOUT = 30.0
"""Seconds. Shorter, and an overloaded server would be kept busy with what nobody waits for."""


class Failed(Exception):
    """No answer, or one that says that it could not be done. It may have been, all the same."""


class Gone(Failed):
    """The log cannot be followed from there."""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    token: str
    post: str
    """The id of the one post that this person has written."""


class Server:
    """One person's way to the API.

    Args:
        http: Shared by everybody.
    """

    def __init__(self, http: httpx.AsyncClient, person: Person) -> None:
        self._http = http
        self._headers = {"X-Session-Token": person.token}

    async def connect(self) -> Any:
        return await self._call("POST", "/api/hark/connect/")

    async def page(self, cursor: str | None) -> Any:
        params = {"cursor": cursor} if cursor else {}
        return await self._call("GET", "/api/hark/inbox/", params=params)

    async def changes(self, since: int) -> Any:
        return await self._call("GET", "/api/hark/inbox/changes/", params={"since": since})

    async def mark(self, pk: int, mark: str) -> Any:
        return await self._call("POST", f"/api/hark/inbox/{pk}/{mark}/")

    async def delete(self, pk: int) -> None:
        await self._call("DELETE", f"/api/hark/inbox/{pk}/")

    async def read_all(self, through: int) -> None:
        await self._call("POST", "/api/hark/inbox/read-all/", json={"through": through})

    async def comment(self, post: str, text: str) -> None:
        await self._call("POST", f"/api/posts/{post}/comments/", json={"text": text})

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = await self._http.request(method, path, headers=self._headers, **options)
        except httpx.HTTPError as error:
            raise Failed(f"{method} {path}: {type(error).__name__} {error}") from error
        if answer.status_code == httpx.codes.GONE:
            raise Gone(answer.text)
        if not answer.is_success:
            raise Failed(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.content else None
