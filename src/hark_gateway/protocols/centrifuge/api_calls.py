"""What each call of the server API does. Channels need no permission here, only to exist.

A call that may take long is a generator, which yields after each step.
"""
# ruff: noqa: ARG001 (one signature for all)

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from msgspec import UNSET

from hark_gateway import clock
from hark_gateway.hub.channel import Channel
from hark_gateway.hub.errors import BadRequest, HubError
from hark_gateway.hub.hub import Hub
from hark_gateway.hub.stream import Position
from hark_gateway.hub.turns import Steps

from .api_messages import (
    BroadcastCall,
    BroadcastResult,
    ChannelCall,
    ChannelInfo,
    ChannelsCall,
    ChannelsResult,
    ClientCall,
    DisconnectCall,
    Envelope,
    HistoryCall,
    InfoCall,
    InfoResult,
    InvalidateUserTokensCall,
    NodeInfo,
    PublishCall,
    PublishResult,
    RefreshCall,
    RestoreRevocationsCall,
    RestoreRevocationsResult,
    SubscribeCall,
    content,
    optional,
)
from .codes import (
    CONNECTION_EXPIRED,
    ERRORS,
    FORCE_DISCONNECT,
    SERVER_UNSUBSCRIBE,
    STATE_INVALIDATED,
    Disconnect,
)
from .door import Door
from .long import history_result, presence_result, stats_result
from .messages import (
    Empty,
    ErrorResult,
    Expiry,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    Push,
)
from .once import Once
from .session import Session, State
from .subscribing import Terms, announce, begin

IDEMPOTENCY_TTL = 300
MAX_PATTERN_CHARACTERS = 1024
NOTHING = Empty()


@dataclass(slots=True)
class Counts:
    """What callers have asked, for the metrics."""

    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)


class Api:
    """The server as its API sees it.

    Args:
        now: When it started, in seconds.
        name: What it is called among others.
    """

    def __init__(self, door: Door, *, now: float, name: str) -> None:
        self.door = door
        self.started = now
        self.name = name
        self.counts = Counts()
        self.once: Once[PublishResult] = Once(ttl=IDEMPOTENCY_TTL)

    def sessions(self, call: Any) -> Iterator[Session]:
        """Yield the connections meant: one client, or all of a user."""
        for session in self.door.clients.of(call.user or ""):
            if session.state is State.CLOSED:  # while others of them were seen to
                continue
            if call.client and call.client != session.client:
                continue
            if call.session and call.session != session.secret:
                continue
            yield session


def publish(api: Api, call: PublishCall, now: float) -> PublishResult:
    """Publish to one channel."""
    return publish_to(api, call.channel or "", content(call.data, call.b64data), call, now)


def publish_to(
    api: Api, channel: str, data: bytes, call: PublishCall | BroadcastCall, now: float
) -> PublishResult:
    """Publish to one channel, or repeat what the same idempotency key was answered with."""
    key = (channel, call.idempotency_key) if call.idempotency_key else None
    if key and (earlier := api.once.find(key, now=now)) is not None:
        return earlier
    position = api.door.hub.publish(
        channel,
        data,
        now=now,
        tags=call.tags,
        keep=not call.skip_history,
        version=call.version or 0,
        version_epoch=call.version_epoch or "",
    )
    result = PublishResult(position.offset, position.epoch) if position else PublishResult()
    if key:
        api.once.remember(key, result, now=now)
    return result


def broadcast(api: Api, call: BroadcastCall, now: float) -> Steps[BroadcastResult]:
    """Publish the same to many channels; one that fails does not concern the others."""
    if not call.channels:
        raise BadRequest("channels are missing")
    data = content(call.data, call.b64data)
    responses = []
    for each in call.channels:
        responses.append(attempt(api, each, data, call, now))
        yield
    return BroadcastResult(responses)


def attempt(api: Api, channel: str, data: bytes, call: BroadcastCall, now: float) -> Envelope:
    """Publish to one channel of a broadcast; its refusal is its own reply."""
    try:
        return Envelope(result=publish_to(api, channel, data, call, now))
    except HubError as refusal:
        error = ERRORS[type(refusal)]
        return Envelope(ErrorResult(error.code, error.message))


def subscribe(api: Api, call: SubscribeCall, now: float) -> Steps[Empty]:
    """Subscribe connections to a channel, on the server's side."""
    channel = existing(api, call.channel)
    terms = Terms(
        on_server=True,
        info=optional(call.info, call.b64info),
        data=optional(call.data, call.b64data),
        expires=clock.here(call.expire_at or None),
        override=call.override,
        since=call.recover_since,
    )
    for session in api.sessions(call):
        session.drop_subscription(channel)  # a repeated call begins it again
        subscription, result = begin(session, channel, terms, now)
        result.publications = UNSET  # a push of this kind carries none
        session.push(Push(channel, subscribe=result))
        announce(subscription)
        session.schedule()
        yield
    return NOTHING


def unsubscribe(api: Api, call: ClientCall, now: float) -> Steps[Empty]:
    """End subscriptions to a channel, whoever began them."""
    channel = existing(api, call.channel)
    for session in api.sessions(call):
        session.unsubscribe(channel, SERVER_UNSUBSCRIBE)
        yield
    return NOTHING


def disconnect(api: Api, call: DisconnectCall, now: float) -> Steps[Empty]:
    """End connections."""
    why = FORCE_DISCONNECT
    if call.disconnect is not None:
        why = Disconnect(call.disconnect.code or 0, call.disconnect.reason or "")
        if not 3000 <= why.code <= 4999 or len(why.reason.encode()) > 123:
            raise BadRequest("a disconnect has a code of 3000 to 4999 and a reason of 123 bytes")
    for session in api.sessions(call):
        if session.client not in (call.whitelist or ()):
            session.disconnect(why)
        yield
    return NOTHING


def refresh(api: Api, call: RefreshCall, now: float) -> Steps[Empty]:
    """Give connections another time to live; without one they live on."""
    expires = clock.here(call.expire_at or None)
    for session in api.sessions(call):
        if call.expired or (expires is not None and expires <= now):
            session.disconnect(CONNECTION_EXPIRED)
            yield
            continue
        session.expires = expires
        if info := optional(call.info, None):
            session.info = info
        session.schedule()
        ttl = max(int(expires - now), 1) if expires is not None else 0
        session.push(Push(refresh=Expiry(expires is not None, ttl)))
        yield
    return NOTHING


def invalidate_user_tokens(api: Api, call: InvalidateUserTokensCall, now: float) -> Steps[Empty]:
    """Refuse tokens that a user was issued before now, or another time, and have them all renewed.

    Connections do not remember their tokens, so all of the user's are ended; clients come back at
    once with a new token if they are given one. With a channel, it is the tokens that open this one
    and the subscriptions to it, which clients do not begin again by themselves.
    """
    channel = existing(api, call.channel) if call.channel else ""
    _revoke(api, call, now)
    for session in api.door.clients.of(call.user or ""):
        if not channel:
            session.disconnect(STATE_INVALIDATED)
        elif channel in session.subscriptions:
            session.unsubscribe(channel, SERVER_UNSUBSCRIBE)
        yield
    return NOTHING


def _revoke(api: Api, call: InvalidateUserTokensCall, now: float) -> None:
    if not call.user:
        raise BadRequest("user is missing")
    wall = now + clock.drift()
    api.door.verifier.revocations.add(
        call.user,
        call.channel or "",
        issued_before=wall if call.issued_before is None else call.issued_before,
        expires=call.expire_at,
        now=wall,
    )


def restore_revocations(
    api: Api, call: RestoreRevocationsCall, now: float
) -> Steps[RestoreRevocationsResult]:
    """Take in what was revoked before this server started; nobody is disconnected.

    An empty call tells which server it is, and changes nothing.
    """
    for each in call.revocations:
        _revoke(api, each, now)
        yield
    if call.complete:
        api.door.verifier.revocations.complete()
    return RestoreRevocationsResult(api.door.node)


def presence(api: Api, call: ChannelCall, now: float) -> Steps[PresenceResult]:
    """Tell who is there."""
    return presence_result(api.door.hub.members(existing(api, call.channel)))


def presence_stats(api: Api, call: ChannelCall, now: float) -> Steps[PresenceStatsResult]:
    """Tell how many are there."""
    return stats_result(api.door.hub.members(existing(api, call.channel)))


def history(api: Api, call: HistoryCall, now: float) -> Steps[HistoryResult]:
    """Return a page of what is kept."""
    stream = api.door.hub.peek_stream(existing(api, call.channel), now=now)
    since = call.since
    page = stream.read(
        limit=call.limit or 0,
        since=Position(since.epoch or "", since.offset or 0) if since is not None else None,
        reverse=bool(call.reverse),
        now=now,
    )
    return history_result(page, stream)


def history_remove(api: Api, call: ChannelCall, now: float) -> Empty:
    """Forget what is kept; offsets go on counting."""
    api.door.hub.remove_history(existing(api, call.channel))
    return NOTHING


def channels(api: Api, call: ChannelsCall, now: float) -> Steps[ChannelsResult]:
    """Tell which channels have subscribers."""
    pattern = call.pattern or "*"
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise BadRequest(f"a pattern has at most {MAX_PATTERN_CHARACTERS} characters")
    found = {}
    for some in in_parts(api.door.hub):
        for channel in some:
            if channel.subscribers and fnmatch.fnmatchcase(channel.name, pattern):
                found[channel.name] = ChannelInfo(len(channel.subscribers))
        yield
    return ChannelsResult(found)


def info(api: Api, call: InfoCall, now: float) -> Steps[InfoResult]:
    """Tell how the server is."""
    door, hub = api.door, api.door.hub
    num_channels = 0
    for some in in_parts(hub):
        num_channels += sum(1 for channel in some if channel.subscribers)
        yield
    node = NodeInfo(
        uid=door.node,
        name=api.name,
        version=door.version,
        num_clients=len(door.clients),
        num_users=door.clients.users,
        num_channels=num_channels,
        num_subs=hub.counts.subscriptions,
        uptime=int(now - api.started),
    )
    return InfoResult([node])


def in_parts(hub: Hub) -> Iterator[tuple[Channel, ...]]:
    """Yield all channels, some at a time."""
    every = iter(tuple(hub))
    while some := tuple(islice(every, 1000)):
        yield some


def existing(api: Api, channel: str | None) -> str:
    """Return the channel of a call, which must be named and have a namespace."""
    api.door.hub.namespaces.options_for(channel or "")
    return channel or ""


CALLS: Mapping[str, tuple[type, Callable[[Api, Any, float], object]]] = {
    "publish": (PublishCall, publish),
    "broadcast": (BroadcastCall, broadcast),
    "subscribe": (SubscribeCall, subscribe),
    "unsubscribe": (ClientCall, unsubscribe),
    "disconnect": (DisconnectCall, disconnect),
    "refresh": (RefreshCall, refresh),
    "invalidate_user_tokens": (InvalidateUserTokensCall, invalidate_user_tokens),
    "restore_revocations": (RestoreRevocationsCall, restore_revocations),
    "presence": (ChannelCall, presence),
    "presence_stats": (ChannelCall, presence_stats),
    "history": (HistoryCall, history),
    "history_remove": (ChannelCall, history_remove),
    "channels": (ChannelsCall, channels),
    "info": (InfoCall, info),
}
