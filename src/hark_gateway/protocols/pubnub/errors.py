"""How the protocol says no. Each service has its own shape; SDKs read the status above all.

PubNubError
├── DataError           [0, "Invalid Key", "17…"]: publish, signal, v2 history
├── ServiceError        {"status", "error", "message", "service"}: presence, groups, access
│   ├── Forbidden       the same, with the names that were refused
│   └── AnotherUser     the same, with whom the token was granted to
├── HistoryError        {"status", "error", "error_message", "channels"}: v3 history
├── DetailedError       {"status", "error": {"message", "source", "details"}}: grant, revoke
└── ActionError         the same in its own order: message actions
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

ACCESS_MANAGER = "Access Manager"


class PubNubError(Exception):
    """Base of every refusal; never raised itself. `body` is the answer as JSON."""

    def __init__(self, status: int, message: str, body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.cause = message
        """The same for all refusals of one kind, by which the log counts them."""
        self.reason = message
        """What the log says of this one."""


class DataError(PubNubError):
    """A refused message."""

    def __init__(self, status: int, message: str, timetoken: int | None = None) -> None:
        body = [0, message] if timetoken is None else [0, message, str(timetoken)]
        super().__init__(status, message, body)


class ServiceError(PubNubError):
    """A refusal by one of the services around the messages."""

    def __init__(self, status: int, message: str, service: str, **more: Any) -> None:
        # Presence says 1 where the others say true.
        error = 1 if service == "Presence" else True
        body = {"status": status, "error": error, "message": message, "service": service, **more}
        super().__init__(status, message, body)


class Forbidden(ServiceError):
    """The sender lacks a permission, on exactly these channels, groups and users."""

    def __init__(
        self,
        channels: Iterable[str] = (),
        groups: Iterable[str] = (),
        uuids: Iterable[str] = (),
    ) -> None:
        named = {
            "channels": list(channels),
            "channel-groups": [f":{group}" for group in groups],
            "uuids": list(uuids),
        }
        payload = {key: names for key, names in named.items() if names}
        super().__init__(403, "Forbidden", ACCESS_MANAGER, payload=payload)
        self.reason = f"no permission on {json.dumps(payload)}" if payload else "no permission"


class AnotherUser(ServiceError):
    """The token was granted to another user than the one who shows it.

    The answer names whom: its sender holds the token and can read that in it anyway.
    """

    def __init__(self, granted_to: str, uuid: str | None) -> None:
        shown_by = "no user id" if uuid is None else f"user id {json.dumps(uuid)}"
        what = (
            f"the token was granted to another user id, {json.dumps(granted_to)}, than the "
            f"request's: {shown_by}"
        )
        cure = (
            "give the client the id of its token, grant without authorized_uuid, or set "
            "pubnub.require_uuid to false"
        )
        super().__init__(403, f"Forbidden: {what}; {cure}", ACCESS_MANAGER)
        self.cause = "another user's token"
        self.reason = what


class HistoryError(PubNubError):
    """A refused look into stored messages."""

    def __init__(self, status: int, message: str) -> None:
        body = {"status": status, "error": True, "error_message": message, "channels": {}}
        super().__init__(status, message, body)


class DetailedError(PubNubError):
    """A refused grant or revocation."""

    def __init__(
        self, status: int, message: str, source: str, detail: tuple[str, str, str] | None = None
    ) -> None:
        error: dict[str, Any] = {"message": message, "source": source}
        if detail is not None:
            error["details"] = [_detail(*detail)]
        body = {"error": error, "service": ACCESS_MANAGER, "status": status}
        super().__init__(status, message, body)


class ActionError(PubNubError):
    """A refused message action."""

    def __init__(
        self, status: int, message: str, detail: tuple[str, str, str] | None = None
    ) -> None:
        error: dict[str, Any] = {"source": "actions", "message": message}
        if detail is not None:
            error["details"] = [_detail(*detail)]
        super().__init__(status, message, {"status": status, "error": error})


def _detail(message: str, location: str, kind: str) -> Mapping[str, str]:
    return {"message": message, "location": location, "locationType": kind}


def access_refusal(message: str) -> ServiceError:
    """Return the 403 of a request whose credentials are no good; both SDKs: "access denied"."""
    return ServiceError(403, message, ACCESS_MANAGER)
