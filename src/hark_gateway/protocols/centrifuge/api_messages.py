"""Requests of the server API, and those of its results that clients are not sent."""

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hark_gateway.auth import Override
from hark_gateway.hub.errors import BadRequest
from hark_gateway.hub.payload import check, one_line

from .messages import NONE, ErrorResult, Malformed, Offset, Since


class PublishCall(Struct, frozen=True):
    """To one channel."""

    channel: str | None = None
    data: Raw = NONE
    b64data: str | None = None
    skip_history: bool | None = None
    tags: dict[str, str] | None = None
    idempotency_key: str | None = None
    version: Offset | None = None
    version_epoch: str | None = None


class BroadcastCall(Struct, frozen=True):
    """To many channels."""

    channels: list[str] | None = None
    data: Raw = NONE
    b64data: str | None = None
    skip_history: bool | None = None
    tags: dict[str, str] | None = None
    idempotency_key: str | None = None
    version: Offset | None = None
    version_epoch: str | None = None


class SubscribeCall(Struct, frozen=True):
    """Subscribe a user's clients."""

    user: str | None = None
    channel: str | None = None
    client: str | None = None
    session: str | None = None
    info: Raw = NONE
    b64info: str | None = None
    data: Raw = NONE
    b64data: str | None = None
    expire_at: int | None = None
    recover_since: Since | None = None
    override: Override | None = None


class ClientCall(Struct, frozen=True):
    """Which of a user's clients are meant: unsubscribe."""

    user: str | None = None
    channel: str | None = None
    client: str | None = None
    session: str | None = None


class DisconnectCode(Struct, frozen=True):
    """The code and reason clients are to be given."""

    code: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None
    reason: str | None = None


class DisconnectCall(Struct, frozen=True):
    """End a user's connections."""

    user: str | None = None
    client: str | None = None
    session: str | None = None
    whitelist: list[str] | None = None
    disconnect: DisconnectCode | None = None


class RefreshCall(Struct, frozen=True):
    """Prolong a user's connections, or let them end."""

    user: str | None = None
    client: str | None = None
    session: str | None = None
    expired: bool | None = None
    expire_at: int | None = None
    info: Raw = NONE


class InvalidateUserTokensCall(Struct, frozen=True):
    """Revoke a user's tokens; times in Unix seconds, of which fractions count."""

    user: str | None = None
    issued_before: float | None = None
    expire_at: float | None = None
    channel: str | None = None


class RestoreRevocationsCall(Struct, frozen=True):
    """What was revoked before a restart; `complete` when there is no more. Not Centrifugo's."""

    revocations: list[InvalidateUserTokensCall] = []
    complete: bool = False


class RestoreRevocationsResult(Struct, frozen=True):
    """Which server answers; another one knows nothing of what this one was told."""

    node: str


class ChannelCall(Struct, frozen=True):
    """About one channel."""

    channel: str | None = None


class HistoryCall(Struct, frozen=True):
    """A page of a stream."""

    channel: str | None = None
    limit: int | None = None
    since: Since | None = None
    reverse: bool | None = None


class ChannelsCall(Struct, frozen=True):
    """Which channels have subscribers."""

    pattern: str | None = None


class InfoCall(Struct, frozen=True):
    """About the server."""


class PublishResult(Struct, frozen=True, omit_defaults=True):
    """Where the publication stands in the channel's stream."""

    offset: int = 0
    epoch: str = ""


class Envelope(Struct, frozen=True, omit_defaults=True):
    """A result or an error."""

    error: ErrorResult | UnsetType = UNSET
    result: object = UNSET


class BroadcastResult(Struct, frozen=True):
    """One answer per channel, in order."""

    responses: list[Envelope]


class ChannelInfo(Struct, frozen=True):
    """How many listen to a channel."""

    num_clients: int


class ChannelsResult(Struct, frozen=True):
    """Channels by name."""

    channels: dict[str, ChannelInfo]


class NodeInfo(Struct, frozen=True):
    """One server."""

    uid: str
    name: str
    version: str
    num_clients: int
    num_users: int
    num_channels: int
    num_subs: int
    uptime: int


class InfoResult(Struct, frozen=True):
    """All servers: this one."""

    nodes: list[NodeInfo]


class BatchResult(Struct, frozen=True):
    """One reply per call, in order, encoded as soon as it is known."""

    replies: list[msgspec.Raw]


def content(data: msgspec.Raw, b64: str | None) -> bytes:
    """Return the payload of a call, on one line."""
    if not b64:
        body = one_line(bytes(data))
        if not body:
            raise BadRequest("data is missing")
        return body
    try:
        decoded = base64.b64decode(b64, validate=True)
        msgspec.json.decode(decoded, type=msgspec.Raw)
        decoded.decode()
    except (binascii.Error, *Malformed):
        raise BadRequest("b64data is not JSON in base64") from None
    return one_line(decoded)


def optional(data: msgspec.Raw, b64: str | None) -> bytes:
    """Return a payload that may be missing, and that no hub will check."""
    if not b64 and bytes(data) in (b"", b"null"):
        return b""
    body = content(data, b64)
    check(body)
    return body
