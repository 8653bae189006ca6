"""Subscribe: the long poll that everything is delivered through."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from hark_gateway.hub.turns import Steps
from hark_gateway.net.http import Exchange
from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.access import Keyset, Rights
from hark_gateway.protocols.pubnub.errors import ServiceError
from hark_gateway.protocols.pubnub.filters import BadFilter, Filter, compiled
from hark_gateway.protocols.pubnub.live import Interest
from hark_gateway.protocols.pubnub.names import BadName
from hark_gateway.protocols.pubnub.polls import Matched, Poll, Seen
from hark_gateway.protocols.pubnub.requests import Call, Malformed, are_too_many, path_names
from hark_gateway.protocols.pubnub.service import Service
from hark_gateway.protocols.pubnub.tokens import Permission

from .presence import enter

SERVICE = "Subscribe"
NO_GROUPS: Mapping[str, str] = {}
"""Shared, since most clients have none."""


class Wish:
    """What one client subscribes to; kept between its polls, and small for a hundred names."""

    __slots__ = ("channels", "groups", "interest", "key", "present")

    def __init__(
        self, key: bytes, channels: Sequence[str], groups: Sequence[str], interest: Interest
    ) -> None:
        self.key = key
        self.channels = channels if groups else interest.names
        self.groups = groups
        self.interest = interest
        present = tuple(name for name in interest.names if not names.is_presence(name))
        self.present = interest.names if present == interest.names else present


class Subscribing:
    """The subscribe endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._wishes: dict[bytes, Wish] = {}
        self._by_interest: dict[Interest, Wish] = {}
        service.polls.on_retire = self._forget

    @property
    def interests(self) -> list[Interest]:
        """Every interest that somebody polls with, or did a moment ago."""
        return list(self._by_interest)

    def subscribe(
        self, call: Call, keyset: Keyset, channels: str, exchange: Exchange
    ) -> Steps[None]:
        """Answer at once if there is something to say, else hold the request."""
        service = self._service
        rights = service.gatekeeper.rights(keyset, call)
        uuid, cursor, wanted = call.uuid, _cursor(call), _filter(call)
        key = _fingerprint(channels, call.query.get("channel-group", ""))
        wish = self._wishes.get(key)
        if wish is None or not wish.interest.registered or not rights.are_cleared_for(wish):
            wish = yield from self._clear(key, call, channels, rights)
        poll = Poll(
            polls=service.polls,
            exchange=exchange,
            interest=wish.interest,
            cursor=cursor,
            subscribe_key=keyset.subscribe_key,
            uuid=uuid,
            token=rights.token,
            filter=wanted,
        )
        shaking_hands = not poll.cursor
        if shaking_hands:  # the cursor first, so that the client hears of its own joining
            poll.cursor = self._beginning(call, wish)
        yield from enter(service, call, wish.present)
        if shaking_hands:
            service.polls.answer(poll, [])
            return
        missed: Matched = []
        if wish.interest.last > poll.cursor or uuid in wish.interest.returning:
            missed = yield from self._missed(poll, call.now)
        if missed or not poll.interest.alive:  # its group has changed meanwhile: ask again
            service.polls.answer(poll, missed)
        else:
            call.request.let_go()
            service.polls.hold(poll, now=call.now)

    def _beginning(self, call: Call, wish: Wish) -> int:
        """Return the cursor of a subscriber who comes: now, or just before its first heartbeat."""
        service = self._service
        if call.uuid is not None:
            came = service.arrivals.take(call.uuid, wish.present, now=call.now)
            if came is not None:
                return came
        return service.clock.read(call.now)

    def _missed(self, poll: Poll, now: float) -> Steps[Matched]:
        """Return what the poll wants of what came after its cursor, and move the cursor there."""
        uuid, interest = poll.uuid, poll.interest
        meanwhile = interest.welcome(uuid, now=now) if uuid is not None else []
        while meanwhile or interest.last > poll.cursor:
            events = self._service.live.collect(interest, poll.cursor)
            events += [pair for pair in meanwhile if pair[0].timetoken > poll.cursor]
            events.sort(key=lambda pair: pair[0].timetoken)
            meanwhile = []
            if not events:
                break
            poll.cursor = events[-1][0].timetoken
            if wanted := (yield from self._wanted(poll, events)):
                return wanted
        return []

    def _wanted(self, poll: Poll, events: Matched) -> Steps[Matched]:
        if poll.filter is None:
            return events
        wanted: Matched = []
        for pair in events:
            wanted += Seen([pair]).select(poll.filter)
            yield
        return wanted

    def regroup(self, group: str) -> None:
        """Let running subscribers of a group follow a change of its channels."""
        self._service.turns.run(self._regroup({group, group + names.PRESENCE}))

    def _regroup(self, concerned: set[str]) -> Steps[None]:
        for wish in list(self._by_interest.values()):
            if concerned.intersection(wish.groups):
                yield from self._replace(wish.key)
            yield

    def _clear(self, key: bytes, call: Call, raw_channels: str, rights: Rights) -> Steps[Wish]:
        """Return what is subscribed to, once all of it is found to be allowed."""
        wish = self._wishes.get(key)
        if wish is None:
            channels, groups = self._read_names(call, raw_channels)
            yield from rights.require_each(Permission.READ, channels, groups)
            wish = self._wishes.get(key) or self._open(key, channels, groups, call.now)
        else:
            yield from rights.require_each(Permission.READ, wish.channels, wish.groups)
        while not wish.interest.registered:
            yield
        if rights.token is not None:
            rights.token.cleared = wish
        return wish

    def _read_names(self, call: Call, raw_channels: str) -> tuple[Sequence[str], Sequence[str]]:
        channels, groups = path_names(raw_channels), call.groups
        options = self._service.options
        if not channels and not groups:
            raise ServiceError(400, "Missing channel or channel group", SERVICE)
        if are_too_many(channels, groups, options):
            raise ServiceError(400, "Too many channels or channel groups", SERVICE)
        try:
            for name in (*channels, *groups):
                names.check_subscription(name)
        except BadName:
            raise ServiceError(400, "Invalid channel or channel group", SERVICE) from None
        return tuple(dict.fromkeys(channels)), tuple(dict.fromkeys(groups))

    def _open(self, key: bytes, channels: Sequence[str], groups: Sequence[str], now: float) -> Wish:
        wish = self._made(key, channels, groups, now)
        self._remember(wish)
        return wish

    def _made(self, key: bytes, channels: Sequence[str], groups: Sequence[str], now: float) -> Wish:
        """Return a wish whose interest is being registered, whoever waits for that or gives up."""
        plain = set(channels)
        by_group = {
            name: group for group in groups for name in self._members(group) if name not in plain
        }
        interest = Interest(channels, by_group or NO_GROUPS)
        self._service.turns.run(self._service.live.register(interest, now=now))
        return Wish(key, channels, groups, interest)

    def _remember(self, wish: Wish) -> None:
        self._wishes[wish.key] = self._by_interest[wish.interest] = wish
        self._service.polls.rest(wish.interest)

    def _members(self, group: str) -> Iterable[str]:
        """Return the names that a group stands for; `g-pnpres` for its channels' presence."""
        if names.is_presence(group):
            channels = self._service.groups.channels(group.removesuffix(names.PRESENCE))
            return [channel + names.PRESENCE for channel in channels]
        return self._service.groups.channels(group)

    def _replace(self, key: bytes) -> Steps[None]:
        """Put an interest in what the groups are now in the place of the one in what they were."""
        service = self._service
        while (wish := self._wishes.get(key)) is not None:
            new = self._made(key, wish.channels, wish.groups, service.now())
            while not new.interest.registered:
                yield
            if self._wishes.get(key) is not wish:  # replaced meanwhile, by what may be outdated
                service.live.retire(new.interest)
                continue
            service.live.retire(wish.interest)
            del self._by_interest[wish.interest]
            self._remember(new)
            service.polls.move(wish.interest, new.interest)
            return

    def _forget(self, interest: Interest) -> None:
        wish = self._by_interest.pop(interest, None)
        if wish is not None and self._wishes.get(wish.key) is wish:
            del self._wishes[wish.key]


def _fingerprint(raw_channels: str, raw_groups: str) -> bytes:
    """Return what tells two lists apart in sixteen bytes, however long they are."""
    text = f"{raw_channels}&{raw_groups}"  # neither has an ampersand
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _cursor(call: Call) -> int:
    """Return the timetoken to go on from; 0 asks for the present."""
    try:
        return call.integer("tt") or 0
    except Malformed:
        raise ServiceError(400, "Invalid timetoken", SERVICE) from None


def _filter(call: Call) -> Filter | None:
    expression = call.get("filter-expr")
    try:
        return compiled(expression) if expression else None
    except BadFilter as fault:
        raise ServiceError(400, f"Invalid filter expression: {fault}", SERVICE) from None
