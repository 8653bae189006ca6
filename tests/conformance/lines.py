"""Lines over HTTP, as small as a protocol can be: see `docs/gateway/adding-a-protocol.md`."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec
from prometheus_client.core import Metric

from hark_gateway import clock, config
from hark_gateway.hub.channel import Channel
from hark_gateway.hub.errors import HubError, NotPermitted
from hark_gateway.hub.stream import Member, Position, Publication
from hark_gateway.metrics import gauges
from hark_gateway.net.http import TEXT_PLAIN, Exchange, Request, Route, Routes, Stream
from hark_gateway.protocols.base import Context, Protocol


@dataclass(frozen=True, kw_only=True)
class LinesOptions:
    key: str = ""
    """What the application shows. Without a key nobody may publish."""


@dataclass(frozen=True, kw_only=True)
class LinesSections:
    lines: LinesOptions = field(default_factory=LinesOptions)
    """Lines over HTTP."""


@dataclass(eq=False)
class Listener:
    """A subscriber of the hub: an answer that goes on for as long as its client listens."""

    member: Member
    expires: float | None
    stream: Stream
    wire: "Lines"
    hears_members: ClassVar = False

    def sink(self) -> Stream:
        return self.stream

    def interrupted(self, channel: Channel) -> None:
        self.stream.close()  # the client comes back, and learns the new epoch


class Lines(Protocol):
    """Clients `GET` a channel with a token; the application asks who does, and `POST`s to it."""

    sections = LinesSections

    def __init__(self, options: LinesSections, context: Context) -> None:
        self.context, self.hub = context, context.hub
        self.key = options.lines.key.encode()
        self.listeners: dict[Listener, Channel] = {}

    def publication(self, publication: Publication, /) -> bytes:
        return b"%d %b\n" % (publication.offset, publication.data)

    def joined(self, channel: str, member: Member, /) -> bytes:
        return b""

    left = joined

    def add_routes(self, routes: Routes) -> None:
        routes.prefixes[b"/lines/"] = Route(self.answer)

    def answer(self, request: Request, exchange: Exchange) -> None:
        name = request.path.removeprefix(b"/lines/").decode("latin-1")
        try:
            if token := request.parameter("token"):
                self.listen(name, token, request.parameter("since"), exchange)
            elif not self.key or not hmac.compare_digest(
                request.headers.get(b"key", b""), self.key
            ):
                raise NotPermitted("show a token, or lines.key")
            elif request.method == "POST":
                data = msgspec.json.encode(msgspec.json.decode(request.body))  # on one line
                self.hub.publish(name, data, now=clock.now())
                exchange.respond(204)
            else:
                users = [member.user for member in self.hub.members(name)]
                exchange.respond(200, msgspec.json.encode(users))
        except (HubError, msgspec.MsgspecError, RecursionError, ValueError) as refusal:
            exchange.respond(403, f"{refusal}\n".encode(), TEXT_PLAIN)

    def listen(self, name: str, token: str, since: str | None, exchange: Exchange) -> None:
        now = clock.now()
        grant = self.context.subscription_verifier.subscription(token, now=now)
        if grant.channel != name:
            raise NotPermitted("the token is for another channel")
        begin, missed = Position("", 0), []
        if self.hub.namespaces.options_for(name).keeps_history:
            kept = self.hub.peek_stream(name, now=now)
            epoch, _, offset = (since or "").partition(" ")
            begin = Position(epoch, int(offset)) if since else kept.position
            missed = kept.missed(begin, limit=300, now=now)
        queue = self.context.server.client.queue_max_size
        stream = exchange.stream(TEXT_PLAIN, max_queue_bytes=queue)
        listener = Listener(Member("", grant.user), grant.expires, stream, self)
        exchange.on_lost = exchange.on_slow = lambda: self.end(listener)
        for line in (f"{begin.epoch} {begin.offset}\n".encode(), *map(self.publication, missed)):
            stream.write(line)
        self.listeners[listener] = self.hub.subscribe(listener, name)

    def end(self, listener: Listener) -> None:
        if channel := self.listeners.pop(listener, None):
            self.hub.unsubscribe(listener, channel)
            listener.stream.close()

    def sweep(self, now: float) -> None:
        for listener in [each for each in self.listeners if each.expires and each.expires <= now]:
            self.end(listener)

    async def drain(self, seconds: float) -> None:
        for listener in tuple(self.listeners):
            self.end(listener)

    def collect(self) -> Iterator[Metric]:
        return gauges(("lines_listeners", "Clients that listen.", len(self.listeners)))


@dataclass(frozen=True, kw_only=True)
class WithLines(LinesSections, config.Config):
    """The gateway's configuration, with this protocol registered."""

    protocols: ClassVar = (*config.Config.protocols, Lines)
