"""Connect and refresh: who the client is, and which channels the server gives it."""

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import UNSET

from hark_gateway.auth import Grant, ServerSubscription
from hark_gateway.hub.errors import (
    HubError,
    InvalidToken,
    TokenExpired,
    UnknownChannel,
    Unrecoverable,
)
from hark_gateway.hub.stream import Position
from hark_gateway.hub.turns import Steps, at_once

from . import permissions
from .codes import (
    CHANNEL_LIMIT,
    CONNECTION_EXPIRED,
    CONNECTION_LIMIT,
    INSUFFICIENT_STATE,
    INVALID_TOKEN,
    MALFORMED,
    NOT_PERMITTED,
    Disconnected,
)
from .door import new_client_id
from .messages import ConnectRequest, ConnectResult, Expiry, Push, Reply, TokenRequest
from .subscribing import Room, announce, begin, terms_of

if TYPE_CHECKING:
    from .session import Session


def connect(
    session: "Session", request: ConnectRequest, number: int, now: float
) -> Steps[None] | None:
    """Answer the first command."""
    grant = admit(session, request, now)
    channels = server_channels(session, grant, request)
    steps = answer(session, request, grant, channels, number=number, now=now)
    return steps if request.subs else at_once(steps)


def answer(
    session: "Session",
    request: ConnectRequest,
    grant: Grant,
    channels: dict[str, ServerSubscription],
    *,
    number: int,
    now: float,
) -> Steps[None]:
    """Establish the connection, once what was missed is ready to be sent."""
    room = Room(session.door.options.queue_max_size)
    yield from prepare(session, request, channels, room=room, now=now)
    result = establish(session, request, grant, channels, room=room, now=now)
    if session.unidirectional:
        session.push(Push(connect=result))
    else:
        session.reply(Reply(number, connect=result))
    settle(session)


def prepare(
    session: "Session",
    request: ConnectRequest,
    channels: dict[str, ServerSubscription],
    *,
    room: Room,
    now: float,
) -> Steps[None]:
    """Encode what was missed, one channel after the other: that takes long for many.

    The subscriptions begin afterwards, all at the same moment.
    """
    options = session.door.options
    if len(channels) > options.channel_limit:
        return
    for name, since in (request.subs or {}).items():
        channel = session.door.hub.find(name)
        if name not in channels or since is None or not since.recover:
            continue
        if channel is None or channel.stream is None:
            continue
        position = Position(since.epoch or "", since.offset or 0)
        with suppress(Unrecoverable):
            limit = options.recovery_max_publication_limit
            room.prepare(channel.stream.missed(position, limit=limit, now=now))
        yield


def establish(
    session: "Session",
    request: ConnectRequest,
    grant: Grant,
    channels: dict[str, ServerSubscription],
    *,
    room: Room,
    now: float,
) -> ConnectResult:
    """Take the client in and return the state in which its connection begins.

    Raises:
        Disconnected: It is one too many.
    """
    options = session.door.options
    check_limits(session, grant)
    session.user, session.info = grant.user, grant.info
    session.expires = None if options.insecure else grant.expires
    session.token_channels = frozenset(grant.subscriptions) if grant.subscriptions else ()
    session.client = new_client_id()
    if len(channels) > options.channel_limit:
        raise Disconnected(CHANNEL_LIMIT, "connect, more channels than client.channel_limit")
    given = request.subs or {}
    subs = {}
    for name, channel in channels.items():
        since = given.get(name)
        terms = terms_of(channel, since if since is not None and since.recover else None, room)
        _, subs[name] = begin(session, name, terms, now)
    session.begin(now=now)
    expires = session.expires
    return ConnectResult(
        client=session.client,
        version=session.door.version,
        expires=expires is not None,
        ttl=max(int(expires - now), 1) if expires is not None else 0,
        subs=subs or UNSET,
        ping=int(options.ping_interval),
        pong=not session.unidirectional,
        session=session.secret,
        node=session.door.node if session.secret else "",
    )


def settle(session: "Session") -> None:
    """Do what must follow the reply to connect."""
    for subscription in tuple(session.subscriptions.values()):
        announce(subscription)


def admit(session: "Session", request: ConnectRequest, now: float) -> Grant:
    """Return what the client is granted by its token, or without one."""
    options = session.door.options
    if request.token:
        try:
            grant = session.door.verifier.connection(request.token, now=now)
        except InvalidToken as fault:
            raise Disconnected(INVALID_TOKEN, f"connect, {fault}") from None
        except TokenExpired:
            if not options.insecure:
                raise
            return Grant("")
        if not grant.user and options.disallow_anonymous_connection_tokens:
            raise Disconnected(NOT_PERMITTED, "connect, a token that names no user")
        return grant
    if session.trusted_user:
        return Grant(session.trusted_user)
    if options.allow_anonymous_connect_without_token or options.insecure:
        return Grant("")
    raise Disconnected(MALFORMED, "connect, no token: it was given none, or did not send it")


def check_limits(session: "Session", grant: Grant) -> None:
    """Refuse one connection too many, or end the older ones, as configured."""
    options, clients = session.door.options, session.door.clients
    if not grant.user:
        return
    personal = options.subscribe_to_user_personal_channel
    if personal.enabled and personal.single_connection:
        for older in clients.of(grant.user):
            older.disconnect(CONNECTION_LIMIT)
    if 0 < options.user_connection_limit <= len(clients.of(grant.user)):
        raise Disconnected(CONNECTION_LIMIT, "connect, beyond client.user_connection_limit")


def server_channels(
    session: "Session", grant: Grant, request: ConnectRequest
) -> dict[str, ServerSubscription]:
    """Return the channels to which the server subscribes the client.

    The token's, the personal one, and of those it asks for the ones it could subscribe to by
    itself.

    Raises:
        UnknownChannel: The token names a namespace that is not configured.
        Disconnected: The client does.
    """
    options, namespaces = session.door.options, session.door.hub.namespaces
    channels = dict(grant.subscriptions)
    personal = personal_channel(session, grant.user)
    if personal:
        channels.setdefault(personal, ServerSubscription())
    for name in channels:
        namespaces.options_for(name)
    for name in request.subs or ():
        if name in channels:
            continue
        try:
            permissions.check_name(name, namespaces.options_for(name), namespaces)
            if permissions.may_subscribe(grant.user, name, namespaces, insecure=options.insecure):
                channels[name] = ServerSubscription()
        except UnknownChannel:
            raise Disconnected(MALFORMED) from None
        except HubError:
            continue  # as if it had not been asked for
    return channels


def personal_channel(session: "Session", user: str) -> str:
    """Return the name of a user's personal channel; empty if there are none."""
    options = session.door.options.subscribe_to_user_personal_channel
    if not user or not options.enabled:
        return ""
    rules = session.door.hub.namespaces.rules
    namespace = options.personal_channel_namespace
    prefix = namespace + rules.namespace_boundary if namespace else ""
    return f"{prefix}{rules.user_boundary}{user}"


def refresh(session: "Session", request: TokenRequest, number: int, now: float) -> None:
    """Prolong the connection by a new token."""
    if not request.token:
        raise Disconnected(MALFORMED)
    try:
        grant = session.door.verifier.connection(request.token, now=now)
    except InvalidToken as fault:
        raise Disconnected(INVALID_TOKEN, f"refresh, {fault}") from None
    except HubError as refusal:
        session.door.note("refresh", refusal, now=now)
        raise Disconnected(CONNECTION_EXPIRED) from None
    if grant.user != session.user:
        raise Disconnected(INVALID_TOKEN, "refresh, a token of another user")
    if is_moved(session, grant):
        raise Disconnected(INSUFFICIENT_STATE)
    session.expires = None if session.door.options.insecure else grant.expires
    session.info = grant.info
    session.schedule()
    ttl = max(int(session.expires - now), 1) if session.expires is not None else 0
    session.reply(Reply(number, refresh=Expiry(session.expires is not None, ttl)))


def is_moved(session: "Session", grant: Grant) -> bool:
    """Tell whether a new token names other server-side channels than the connection has."""
    return set(grant.subscriptions) != set(session.token_channels)
