"""The protocol's messages, as in its published schema; JSON to and from typed values.

Every optional field may also be null, which counts as absent. Payloads stay the bytes they were.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hark_gateway.hub.stream import Member, Publication

Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Offset = Annotated[int, Meta(ge=0, le=2**53)]
Payload = Raw | UnsetType
NONE = Raw()


def embed(data: bytes) -> Payload:
    """Return JSON bytes as a field's value, left out when empty."""
    return Raw(data) if data else UNSET


class Since(Struct, frozen=True):
    """A position in a stream, as a client gives it."""

    recover: bool | None = None
    offset: Offset | None = None
    epoch: str | None = None


class ConnectRequest(Struct, frozen=True):
    """The first command."""

    token: str | None = None
    data: Raw = NONE
    subs: dict[str, Since | None] | None = None
    name: str | None = None
    version: str | None = None
    headers: dict[str, str] | None = None


class SubscribeRequest(Struct, frozen=True):
    """A wish to hear a channel."""

    channel: str | None = None
    token: str | None = None
    recover: bool | None = None
    offset: Offset | None = None
    epoch: str | None = None
    data: Raw = NONE
    positioned: bool | None = None
    recoverable: bool | None = None
    join_leave: bool | None = None
    delta: str | None = None
    tf: Raw = NONE
    flag: int | None = None
    type: int | None = None


class ChannelRequest(Struct, frozen=True):
    """Unsubscribe, presence and presence_stats."""

    channel: str | None = None


class PublishRequest(Struct, frozen=True):
    """A message to a channel."""

    channel: str | None = None
    data: Raw = NONE


class HistoryRequest(Struct, frozen=True):
    """A page of a stream."""

    channel: str | None = None
    limit: int | None = None
    since: Since | None = None
    reverse: bool | None = None


class TokenRequest(Struct, frozen=True):
    """Refresh; with a channel, sub_refresh."""

    channel: str | None = None
    token: str | None = None


class RpcRequest(Struct, frozen=True):
    """A call, or with send a message, to the application."""

    method: str | None = None
    data: Raw = NONE


class Command(Struct, frozen=True):
    """What a client sends. The first method that is set counts."""

    id: Uint32 | None = None
    connect: ConnectRequest | None = None
    subscribe: SubscribeRequest | None = None
    unsubscribe: ChannelRequest | None = None
    publish: PublishRequest | None = None
    presence: ChannelRequest | None = None
    presence_stats: ChannelRequest | None = None
    history: HistoryRequest | None = None
    rpc: RpcRequest | None = None
    send: RpcRequest | None = None
    refresh: TokenRequest | None = None
    sub_refresh: TokenRequest | None = None
    ping: Raw | None = None


class ClientInfo(Struct, frozen=True, omit_defaults=True):
    """A member, as others see it."""

    user: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    conn_info: Payload = UNSET
    chan_info: Payload = UNSET


class Published(Struct, frozen=True, omit_defaults=True):
    """A publication, in pushes and in lists."""

    data: Payload = UNSET
    info: ClientInfo | UnsetType = UNSET
    offset: int = 0
    tags: dict[str, str] | UnsetType = UNSET
    epoch: str = ""


class SubscribeResult(Struct, omit_defaults=True):
    """The state in which a subscription begins."""

    expires: bool = False
    ttl: int = 0
    recoverable: bool = False
    epoch: str = ""
    publications: Payload = UNSET
    recovered: bool = False
    offset: int = 0
    positioned: bool = False
    data: Payload = UNSET
    was_recovering: bool = False


class ConnectResult(Struct, frozen=True, omit_defaults=True):
    """The state in which a connection begins."""

    client: str | UnsetType = UNSET
    version: str = ""
    expires: bool = False
    ttl: int = 0
    data: Payload = UNSET
    subs: dict[str, SubscribeResult] | UnsetType = UNSET
    ping: int = 0
    pong: bool = False
    session: str = ""
    node: str = ""


class Empty(Struct, frozen=True):
    """A result that says no more than that it went well."""


class Expiry(Struct, frozen=True, omit_defaults=True):
    """Refresh and sub_refresh: until when, in seconds from now."""

    expires: bool = False
    ttl: int = 0


class PresenceResult(Struct, frozen=True):
    """Who is there, by client id."""

    presence: Raw


class PresenceStatsResult(Struct, frozen=True):
    """How many are there."""

    num_clients: int
    num_users: int


class HistoryResult(Struct, frozen=True):
    """A page of a stream, and its top."""

    publications: Raw
    epoch: str
    offset: int


class ErrorResult(Struct, frozen=True, omit_defaults=True):
    """Why there is no result."""

    code: int | UnsetType = UNSET
    message: str = ""
    temporary: bool = False


class Reply(Struct, frozen=True, omit_defaults=True):
    """The answer to one command."""

    id: int = 0
    error: ErrorResult | UnsetType = UNSET
    connect: ConnectResult | UnsetType = UNSET
    subscribe: SubscribeResult | UnsetType = UNSET
    unsubscribe: Empty | UnsetType = UNSET
    publish: Empty | UnsetType = UNSET
    presence: PresenceResult | UnsetType = UNSET
    presence_stats: PresenceStatsResult | UnsetType = UNSET
    history: HistoryResult | UnsetType = UNSET
    refresh: Expiry | UnsetType = UNSET
    sub_refresh: Expiry | UnsetType = UNSET


class InfoPush(Struct, frozen=True):
    """Join and leave."""

    info: ClientInfo


class Reason(Struct, frozen=True):
    """Unsubscribe and disconnect; clients need both fields."""

    code: int
    reason: str


class Push(Struct, frozen=True, omit_defaults=True):
    """What the server says unasked."""

    channel: str = ""
    pub: Published | UnsetType = UNSET
    join: InfoPush | UnsetType = UNSET
    leave: InfoPush | UnsetType = UNSET
    unsubscribe: Reason | UnsetType = UNSET
    subscribe: SubscribeResult | UnsetType = UNSET
    disconnect: Reason | UnsetType = UNSET
    refresh: Expiry | UnsetType = UNSET
    connect: ConnectResult | UnsetType = UNSET


encode = msgspec.json.Encoder().encode
decode_command = msgspec.json.Decoder(Command).decode
decode_connect_request = msgspec.json.Decoder(ConnectRequest).decode

Malformed = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What the decoders raise for input that is not what it should be."""


def client_info(member: Member) -> ClientInfo:
    """Return a member as others see it."""
    return ClientInfo(member.user, member.client, embed(member.info), embed(member.channel_info))


def published(publication: Publication, epoch: str = "") -> Published:
    """Return a publication as clients see it."""
    return Published(
        Raw(publication.data),
        client_info(publication.publisher) if publication.publisher is not None else UNSET,
        publication.offset,
        dict(publication.tags) if publication.tags else UNSET,
        epoch,
    )
