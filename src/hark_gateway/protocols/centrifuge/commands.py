"""What each command does. Each function answers by the session, or raises why not.

A reply precedes every push that it brings about.
"""
# ruff: noqa: ARG001 (one signature for all)

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hark_gateway.hub.errors import (
    BadRequest,
    NotAvailable,
    NotPermitted,
)
from hark_gateway.hub.options import ChannelOptions
from hark_gateway.hub.payload import one_line
from hark_gateway.hub.stream import Position

from . import permissions
from .codes import MALFORMED, NO_HANDLER, Disconnected
from .connecting import connect, refresh
from .messages import (
    ChannelRequest,
    Command,
    Empty,
    Expiry,
    HistoryRequest,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    PublishRequest,
    Reply,
    RpcRequest,
    TokenRequest,
    client_info,
    published,
)
from .subscribing import subscribe, verified

if TYPE_CHECKING:
    from .session import Session


def chosen(command: Command) -> tuple[str, Any]:
    """Return the name and the request of the first method that is set; "" if none is."""
    for name in METHODS:
        request = getattr(command, name)
        if request is not None:
            return name, request
    return "", None


def run(session: "Session", name: str, request: Any, number: int, now: float) -> None:
    """Carry a command out.

    Raises:
        Disconnected: It was no command, or came before connect, or cannot be answered.
        HubError: It is refused.
    """
    if (not number and name != "send") or not name:
        raise Disconnected(MALFORMED)
    if bool(session.client) == (name == "connect"):
        raise Disconnected(MALFORMED)  # connect comes first, and once
    METHODS[name](session, request, number, now)


def required(channel: str | None) -> str:
    """Return the channel that a request names, as it must."""
    if not channel:
        raise Disconnected(MALFORMED)
    return channel


def options_of(session: "Session", channel: str) -> ChannelOptions:
    namespaces = session.door.hub.namespaces
    options = namespaces.options_for(channel)
    permissions.check_name(channel, options, namespaces)
    return options


def unsubscribe(session: "Session", request: ChannelRequest, number: int, now: float) -> None:
    """End a subscription of the client's own."""
    channel = required(request.channel)
    options_of(session, channel)
    session.drop_subscription(channel)
    session.reply(Reply(number, unsubscribe=Empty()))


def publish(session: "Session", request: PublishRequest, number: int, now: float) -> None:
    """Publish in the client's name."""
    channel = required(request.channel)
    options = options_of(session, channel)
    data = one_line(bytes(request.data))
    if not data:
        raise BadRequest("data is missing")
    subscription = session.subscriptions.get(channel)
    if not session.door.options.insecure:
        permissions.require_publish(session.user, options, subscribed=subscription is not None)
    info = subscription.info if subscription is not None else b""
    publisher = session.as_member(info)
    session.door.hub.publish(channel, data, now=now, publisher=publisher)
    session.reply(Reply(number, publish=Empty()))


def presence(session: "Session", request: ChannelRequest, number: int, now: float) -> None:
    """Tell who is there."""
    channel = required(request.channel)
    require_presence(session, channel)
    members = session.door.hub.members(channel)
    result = PresenceResult({member.client: client_info(member) for member in members})
    session.reply(Reply(number, presence=result))


def presence_stats(session: "Session", request: ChannelRequest, number: int, now: float) -> None:
    """Tell how many are there."""
    channel = required(request.channel)
    require_presence(session, channel)
    members = session.door.hub.members(channel)
    result = PresenceStatsResult(len(members), len({member.user for member in members}))
    session.reply(Reply(number, presence_stats=result))


def require_presence(session: "Session", channel: str) -> None:
    options = options_of(session, channel)
    if not options.presence:
        raise NotAvailable("presence is off")
    subscribed = channel in session.subscriptions
    if not (
        session.door.options.insecure
        or permissions.may_see_presence(session.user, options, subscribed=subscribed)
    ):
        raise NotPermitted("presence")


def history(session: "Session", request: HistoryRequest, number: int, now: float) -> None:
    """Return a page of what is kept."""
    channel = required(request.channel)
    options = options_of(session, channel)
    if not options.keeps_history:
        raise NotAvailable("history is off")
    subscribed = channel in session.subscriptions
    if not (
        session.door.options.insecure
        or permissions.may_read_history(session.user, options, subscribed=subscribed)
    ):
        raise NotPermitted("history")
    most = session.door.options.history_max_publication_limit
    limit = request.limit or 0
    limit = most if limit < 0 or limit > most else limit
    session.reply(Reply(number, history=history_page(session, channel, request, limit, now)))


def history_page(
    session: "Session", channel: str, request: HistoryRequest, limit: int, now: float
) -> HistoryResult:
    stream = session.door.hub.peek_stream(channel, now=now)
    since = request.since
    page = stream.read(
        limit=limit,
        since=Position(since.epoch or "", since.offset or 0) if since is not None else None,
        reverse=bool(request.reverse),
        now=now,
    )
    return HistoryResult([published(each) for each in page], stream.epoch, stream.top)


def sub_refresh(session: "Session", request: TokenRequest, number: int, now: float) -> None:
    """Prolong a subscription."""
    channel = required(request.channel)
    subscription = session.subscriptions.get(channel)
    if subscription is None:
        raise NotPermitted("not subscribed")
    if not request.token:
        raise BadRequest("token is missing")
    grant = verified(session, channel, request.token, now, is_refresh=True)
    subscription.expires = grant.expires
    session.schedule()
    session.reply(Reply(number, sub_refresh=expiry(grant.expires, now)))


def expiry(expires: float | None, now: float) -> Expiry:
    return Expiry(expires is not None, max(int(expires - now), 1) if expires is not None else 0)


def rpc(session: "Session", request: RpcRequest, number: int, now: float) -> None:
    """Refuse: there is nobody behind the gateway to call."""
    raise NotAvailable("rpc has no handler")


def send(session: "Session", request: RpcRequest, number: int, now: float) -> None:
    """Refuse for good, as Centrifugo does: nobody would hear it."""
    raise Disconnected(NO_HANDLER)


METHODS: Mapping[str, Callable[["Session", Any, int, float], None]] = {
    "connect": connect,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "publish": publish,
    "presence": presence,
    "presence_stats": presence_stats,
    "history": history,
    "rpc": rpc,
    "send": send,
    "refresh": refresh,
    "sub_refresh": sub_refresh,
}
