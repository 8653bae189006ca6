"""What each command does.

Each function answers by the session, or raises why not. What may take long is a
generator. A reply precedes every push that it brings about.
"""
# ruff: noqa: ARG001 (one signature for all)

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hark_gateway.hub.errors import (
    BadRequest,
    NotAvailable,
    NotPermitted,
)
from hark_gateway.hub.options import ChannelOptions
from hark_gateway.hub.payload import one_line
from hark_gateway.hub.stream import Position, Publication
from hark_gateway.hub.turns import Steps

from . import permissions
from .codes import MALFORMED, NO_HANDLER, Disconnected
from .connecting import connect, refresh
from .long import history_result, presence_result, stats_result, within
from .messages import (
    ChannelRequest,
    Command,
    Empty,
    Expiry,
    HistoryRequest,
    PublishRequest,
    Reply,
    RpcRequest,
    TokenRequest,
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


def run(session: "Session", name: str, request: Any, number: int, now: float) -> Steps[None] | None:
    """Carry a command out, or return the steps in which it is.

    Raises:
        Disconnected: It was no command, or came before connect, or cannot be answered.
        HubError: It is refused.
    """
    if (not number and name != "send") or not name:
        raise Disconnected(MALFORMED)
    if bool(session.client) == (name == "connect"):
        raise Disconnected(MALFORMED)  # connect comes first, and once
    return METHODS[name](session, request, number, now)


def required(channel: str | None) -> str:
    """Return the channel that a request names, as it must."""
    if not channel:
        raise Disconnected(MALFORMED)
    return channel


def options_of(session: "Session", channel: str) -> ChannelOptions:
    """Return the options of a channel's namespace; HubError if there is no such channel."""
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
    if subscription is not None:  # it hears what it published before it hears that it has
        session.door.hub.catch_up(subscription, subscription.channel)
    session.reply(Reply(number, publish=Empty()))


def presence(session: "Session", request: ChannelRequest, number: int, now: float) -> Steps[None]:
    """Tell who is there."""
    channel = required(request.channel)
    require_presence(session, channel)
    result = yield from presence_result(session.door.hub.members(channel))
    session.reply(Reply(number, presence=result))


def presence_stats(
    session: "Session", request: ChannelRequest, number: int, now: float
) -> Steps[None]:
    """Tell how many are there."""
    channel = required(request.channel)
    require_presence(session, channel)
    result = yield from stats_result(session.door.hub.members(channel))
    session.reply(Reply(number, presence_stats=result))


def require_presence(session: "Session", channel: str) -> None:
    """Raise NotAvailable or NotPermitted unless the client may see who is there."""
    options = options_of(session, channel)
    if not options.presence:
        raise NotAvailable("presence is off")
    subscribed = channel in session.subscriptions
    if not (
        session.door.options.insecure
        or permissions.may_see_presence(session.user, options, subscribed=subscribed)
    ):
        raise NotPermitted("presence")


def history(session: "Session", request: HistoryRequest, number: int, now: float) -> Steps[None]:
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
    stream = session.door.hub.peek_stream(channel, now=now)
    since = request.since
    page: Sequence[Publication] = stream.read(
        limit=limit,
        since=Position(since.epoch or "", since.offset or 0) if since is not None else None,
        reverse=bool(request.reverse),
        now=now,
    )
    page = within(session.door.options.queue_max_size, page)
    result = yield from history_result(page, stream)
    session.reply(Reply(number, history=result))


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
    """Return whether something expires, and in how many whole seconds."""
    return Expiry(expires is not None, max(int(expires - now), 1) if expires is not None else 0)


def rpc(session: "Session", request: RpcRequest, number: int, now: float) -> None:
    """Refuse: there is nobody behind the gateway to call."""
    raise NotAvailable("rpc has no handler")


def send(session: "Session", request: RpcRequest, number: int, now: float) -> None:
    """Refuse for good, as Centrifugo does: nobody would hear it."""
    raise Disconnected(NO_HANDLER)


METHODS: Mapping[str, Callable[["Session", Any, int, float], Steps[None] | None]] = {
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
