"""A client of Centrifugo's server API over HTTP, which Hark's own gateway speaks as well.

https://centrifugal.dev/docs/server/server_api. It knows the few methods that Hark uses; it may be
shared by threads.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from hark.backends.base import Misconfigured, Unavailable

JSON: TypeAlias = Mapping[str, Any]

BUSY = (408, 429)
"""HTTP statuses below 500 of a server that may well answer later."""


METHOD_NOT_FOUND = 104


@dataclass(frozen=True, slots=True)
class ApiError:
    """Why the server refused one command."""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ServerApi:
    """One server, or one address of a cluster.

    Args:
        url: Where the API is, such as "http://127.0.0.1:8001/api".
        key: Goes into the `X-API-Key` header of each call.
        timeout: Seconds that a call may take to connect, and then between two pieces of an answer.
    """

    def __init__(self, url: str, key: str, *, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            headers={"X-API-Key": key},
            timeout=timeout,
            trust_env=False,  # a proxy meant for the internet does not know the gateway
        )

    def batch(self, commands: Sequence[str]) -> list[ApiError | None]:
        """Run commands in order and return what came of each.

        Args:
            commands: JSON texts such as '{"publish": {…}}', sent as they are.

        Raises:
            Unavailable: Any number of them, from none to all, were run.
            Misconfigured: None was run.
        """
        body = f'{{"commands":[{",".join(commands)}],"parallel":false}}'
        replies = self._call("batch", body).get("replies")
        if not isinstance(replies, list) or len(replies) != len(commands):
            raise Unavailable(f"{self._url} did not answer each of {len(commands)} commands")
        return [self._error_in(reply) for reply in replies]

    def restore(self, revocations: Sequence[JSON], *, complete: bool) -> str:
        """Tell Hark's gateway what was revoked before it started; return which one it is.

        "" if this is another server, which has no such call.

        Args:
            revocations: As of `invalidate_user_tokens`, with all their times.
            complete: There are no more.

        Raises:
            Unavailable, Misconfigured: As for `batch`.
        """
        call = {"revocations": revocations, "complete": complete}
        body = json.dumps({"commands": [{"restore_revocations": call}]})
        try:
            (reply,) = self._call("batch", body)["replies"]
            error = self._error_in(reply)
            if error and error.code != METHOD_NOT_FOUND:
                raise Unavailable(str(error))
            return "" if error else str(reply["restore_revocations"]["node"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"{self._url} did not say which server it is") from error

    def nodes(self) -> list[str]:
        """Return the name and version of each server behind the address.

        Raises:
            Unavailable, Misconfigured: As for `batch`.
        """
        answer = self._call("info", "{}")
        try:
            return [
                f"{node['name']} {node.get('version', '')}".strip()
                for node in answer["result"]["nodes"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise Unavailable(f"{self._url} did not say which servers it has") from error

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def _call(self, method: str, body: str) -> JSON:
        try:
            answer = self._client.post(
                f"{self._url}/{method}",
                content=body.encode(),
                headers={"Content-Type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._url}: {error or type(error).__name__}") from error
        if answer.status_code == 401:
            raise Misconfigured("it refuses HARK['OPTIONS']['api_key']")
        if answer.status_code >= 500 or answer.status_code in BUSY:
            raise Unavailable(f"HTTP {answer.status_code} from {self._url}")
        if answer.status_code != 200:
            text = f"HTTP {answer.status_code} from {self._url}: is it the server API?"
            raise Misconfigured(text)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"{self._url} does not answer in JSON") from error
        if refusal := self._error_in(found):
            raise Unavailable(f"{self._url}: {refusal}")
        return dict(found)

    def _error_in(self, reply: Any) -> ApiError | None:
        if not isinstance(reply, dict):
            raise Unavailable(f"{self._url} answers with {str(reply)[:80]!r}")
        error = reply.get("error")
        if error is None:
            return None
        if not isinstance(error, dict) or not isinstance(error.get("code"), int):
            raise Unavailable(f"{self._url} refused without a code: {str(error)[:80]}")
        return ApiError(error["code"], str(error.get("message", "")))
