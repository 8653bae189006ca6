"""Subscriptions: who may have one, and in what state it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import Raw

from hark_gateway.auth import Override, ServerSubscription, SubscriptionGrant, payload
from hark_gateway.hub.channel import Channel
from hark_gateway.hub.errors import (
    AlreadySubscribed,
    BadRequest,
    Expired,
    InvalidToken,
    LimitExceeded,
    NotAvailable,
    NotPermitted,
    TokenExpired,
    Unrecoverable,
)
from hark_gateway.hub.options import ChannelOptions
from hark_gateway.hub.stream import Position, Publication, Stream

from . import permissions
from .codes import INVALID_TOKEN, MALFORMED, Disconnected
from .long import encoded
from .messages import Reply, Since, SubscribeRequest, SubscribeResult, embed
from .subscription import Subscription

if TYPE_CHECKING:
    from .session import Session

FLAG_REJECT_UNRECOVERABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a subscription is to be, as far as the client or a token decides it."""

    on_server: bool = False
    info: bytes = b""
    data: bytes = b""
    expires: float | None = None
    override: Override | None = None
    since: Since | None = None
    """Where the client wants to go on; None for the present."""
    asks_position: bool = False
    asks_recovery: bool = False
    asks_members: bool = False
    room: "Room | None" = None
    """What all that is recovered in one reply may take; None for a reply of its own."""
    must_recover: bool = False


class Room:
    """Bytes that are left for what one reply recovers, and what of it has been encoded already.

    A client that is sent more than `client.queue_max_size` at once is ended as too slow, comes
    back, and asks for the same again: so beyond that nothing is recovered.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._encoded: dict[Publication, bytes] = {}

    def prepare(self, missed: Sequence[Publication]) -> None:
        """Encode what is about to be recovered."""
        if sum(len(each.data) for each in missed) <= self._left:
            self._encoded |= {each: encoded((each,)) for each in missed}

    def take(self, missed: Sequence[Publication]) -> Raw:
        """Return a list of publications.

        Raises:
            Unrecoverable: There is no room for it.
        """
        self._left -= sum(len(each.data) for each in missed)
        if self._left < 0:
            raise Unrecoverable("more was missed than a client may leave unread")
        known = self._encoded
        return Raw(b"[%b]" % b",".join(known.get(each) or encoded((each,)) for each in missed))


def subscribe(session: "Session", request: SubscribeRequest, number: int, now: float) -> None:
    """Subscribe at the client's wish."""
    channel = request.channel
    if not channel or (request.delta or "fossil") != "fossil":
        raise Disconnected(MALFORMED)
    check(session, request, channel)
    grant = require_permission(session, channel, request.token, now)
    since = Since(True, request.offset, request.epoch) if request.recover else None
    terms = Terms(
        info=grant.info if grant else b"",
        data=grant.data if grant else b"",
        expires=grant.expires if grant else None,
        override=grant.override if grant else None,
        since=since,
        asks_position=bool(request.positioned),
        asks_recovery=bool(request.recoverable),
        asks_members=bool(request.join_leave),
        must_recover=bool((request.flag or 0) & FLAG_REJECT_UNRECOVERABLE),
    )
    subscription, result = begin(session, channel, terms, now)
    session.reply(Reply(number, subscribe=result))
    announce(subscription)
    if terms.expires is not None:
        session.schedule()


def check(session: "Session", request: SubscribeRequest, channel: str) -> None:
    """Refuse what has nothing to do with who is asking."""
    namespaces = session.door.hub.namespaces
    permissions.check_name(channel, namespaces.options_for(channel), namespaces)
    if bytes(request.tf) not in (b"", b"null"):
        raise BadRequest("tags filters are not supported")
    if request.type:
        raise NotPermitted("maps are not supported") if request.type == 1 else NotAvailable("type")
    if channel in session.subscriptions:
        raise AlreadySubscribed(channel)
    if len(session.subscriptions) >= session.door.options.channel_limit:
        raise LimitExceeded("client.channel_limit")


def require_permission(
    session: "Session", channel: str, token: str | None, now: float
) -> SubscriptionGrant | None:
    """Return what a token grants, or None where the channel's options are enough.

    Raises:
        NotPermitted: Neither suffices.
    """
    if token:
        return verified(session, channel, token, now)
    namespaces, insecure = session.door.hub.namespaces, session.door.options.insecure
    if not permissions.may_subscribe(session.user, channel, namespaces, insecure=insecure):
        raise NotPermitted("subscribe")
    return None


def verified(
    session: "Session", channel: str, token: str, now: float, *, is_refresh: bool = False
) -> SubscriptionGrant:
    """Return what a subscription token grants.

    Raises:
        Disconnected: It is meant for another user or channel; on refresh also if it is invalid.
        HubError: It is invalid or expired.
    """
    try:
        grant = session.door.subscription_verifier.subscription(token, now=now)
    except InvalidToken as fault:
        if is_refresh:
            raise Disconnected(INVALID_TOKEN, f"sub_refresh, {fault}") from None
        raise
    except TokenExpired:
        if is_refresh:
            raise Expired("the new token has expired") from None
        raise
    if grant.channel != channel or grant.user != session.user:
        raise Disconnected(INVALID_TOKEN, "subscribe, a token for another channel or user")
    return grant


def terms_of(channel: ServerSubscription, since: Since | None, room: Room) -> Terms:
    """Return the terms of a subscription that a connection token orders."""
    return Terms(
        on_server=True,
        info=payload(channel.info, channel.b64info),
        data=payload(channel.data, channel.b64data),
        override=channel.override,
        since=since,
        room=room,
    )


def begin(
    session: "Session", name: str, terms: Terms, now: float
) -> tuple[Subscription, SubscribeResult]:
    """Subscribe, and return the state in which the subscription begins.

    Nothing else runs between the look at the stream and the moment the subscription hears of
    publications, so none is missed and none comes twice.

    Raises:
        Unrecoverable: The client would not have it otherwise; it is not subscribed then.
    """
    hub = session.door.hub
    options = overridden(hub.namespaces.options_for(name), terms.override)
    subscription = Subscription(
        session,
        terms.info,
        on_server=terms.on_server,
        hears_members=options.force_push_join_leave
        or (terms.asks_members and sees_presence(session, options)),
    )
    channel = subscription.channel = hub.subscribe(subscription, name)
    session.subscriptions[name] = subscription
    result = SubscribeResult(data=embed(terms.data))
    if terms.expires is not None:
        subscription.expires = terms.expires
        result.expires, result.ttl = True, max(int(terms.expires - now), 1)
    try:
        take_position(session, channel, options, terms, result=result, now=now)
    except Unrecoverable:
        session.drop_subscription(name)
        raise
    subscription.positioned = result.positioned
    if options.presence or options.join_leave:
        subscription.member = session.as_member(terms.info)
    return subscription, result


def overridden(options: ChannelOptions, override: Override | None) -> ChannelOptions:
    """Return a channel's options with a token's changes."""
    if override is None:
        return options
    flags = {name: getattr(override, name) for name in override.__struct_fields__}
    return replace(options, **{name: flag.value for name, flag in flags.items() if flag})


def sees_presence(session: "Session", options: ChannelOptions) -> bool:
    """Tell whether a subscriber of such a channel may see who else is there."""
    return session.door.options.insecure or permissions.may_see_presence(
        session.user, options, subscribed=True
    )


def take_position(
    session: "Session",
    channel: Channel,
    options: ChannelOptions,
    terms: Terms,
    *,
    result: SubscribeResult,
    now: float,
) -> None:
    """Write into `result` where in the stream the client stands, and what it missed."""
    if not options.keeps_history:
        result.was_recovering = terms.since is not None
        return
    reads = session.door.options.insecure or permissions.may_read_history(
        session.user, options, subscribed=True
    )
    recoverable = options.force_recovery or (
        terms.asks_recovery and (options.allow_recovery or reads)
    )
    positioned = (
        recoverable
        or options.force_positioning
        or (terms.asks_position and (options.allow_positioning or reads))
    )
    result.was_recovering = terms.since is not None
    if not positioned:
        return
    stream = session.door.hub.stream_of(channel, now=now)
    result.positioned, result.recoverable = True, recoverable
    result.epoch, result.offset = stream.position
    if recoverable:
        recover(session, stream, options, terms, result=result, now=now)


def recover(
    session: "Session",
    stream: Stream,
    options: ChannelOptions,
    terms: Terms,
    *,
    result: SubscribeResult,
    now: float,
) -> None:
    """Add to `result` what was missed, if all of it can be had."""
    is_cache = options.force_recovery_mode == "cache"
    if terms.since is None and not (is_cache and options.auto_cache_recover):
        return
    given = terms.since or Since()
    since = Position(given.epoch or "", given.offset or 0)
    room = terms.room or Room(session.door.options.queue_max_size)
    try:
        missed: list[Publication]
        if is_cache:
            missed = stream.latest(since, now=now)
        else:
            limit = session.door.options.recovery_max_publication_limit
            missed = stream.missed(since, limit=limit, now=now)
        publications = room.take(missed)
    except Unrecoverable:
        session.door.counts.recoveries[False] += terms.since is not None
        if terms.must_recover:
            raise
        return
    session.door.counts.recoveries[True] += terms.since is not None
    result.recovered = True
    if missed:
        result.publications = publications
        # The client counts on from here with each publication it is given.
        result.offset = since.offset


def announce(subscription: Subscription) -> None:
    """Tell subscribers of a new one, itself included."""
    if subscription.member is not None:
        subscription.session.door.hub.announce(subscription.channel, subscription.member)
