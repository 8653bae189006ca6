"""Polls that wait: held without a task each, answered together, ended spread over time.

All who wait with the same interest are sent the same bytes. Events that are published in one turn
of the loop leave in one answer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from hark_gateway.hub.timers import TimerWheel
from hark_gateway.hub.turns import Steps, Turns
from hark_gateway.net.http import Exchange

from . import envelopes
from .answers import HEADERS, refuse
from .errors import PubNubError
from .filters import Filter, Sources
from .live import Event, Interest, Live
from .tokens import Token

Matched = list[tuple[Event, str | None]]
AT_ONCE = 128
"""Polls answered in one step."""
SPREAD = 64
"""Different hold times; polls that came together end in as many parts."""
INTEREST_IDLE = 60.0
"""Seconds an interest is remembered while nobody polls with it."""


@dataclass(eq=False, slots=True, kw_only=True)
class Poll:
    """One request that waits for events after `cursor`."""

    polls: "Polls"
    exchange: Exchange
    interest: Interest
    cursor: int
    subscribe_key: str
    uuid: str | None = None
    token: Token | None = None
    filter: Filter | None = None
    wheel_slot: int = 0

    def forget(self) -> None:
        """Be held no longer: the client has gone."""
        self.polls.release(self)


class Polls:
    """All held requests.

    Args:
        hold_time: Seconds the longest is held.
        clock: Returns the time, in seconds.
        refusal: Says why a token is no longer good.
    """

    def __init__(
        self,
        live: Live,
        turns: Turns,
        *,
        hold_time: float,
        clock: Callable[[], float],
        refusal: Callable[[Token, float], PubNubError | None],
    ) -> None:
        self._live = live
        self._turns = turns
        self._hold_times = [hold_time * (1 - 0.2 * part / SPREAD) for part in range(SPREAD)]
        self._number = count()
        self._clock = clock
        self._refusal = refusal
        self._wheel: TimerWheel[Poll] = TimerWheel(tick=0.1)
        self._idle: TimerWheel[Interest] = TimerWheel(tick=1)
        self._flush_planned = False
        self.on_retire: Callable[[Interest], None] = lambda _: None
        """Told of every interest that nobody has polled with for a while."""

    def hold(self, poll: Poll, *, now: float) -> None:
        """Answer later: with the next event, or when the hold time or the token ends."""
        ends = now + self._hold_times[next(self._number) % SPREAD]
        if poll.token is not None:
            ends = min(ends, poll.token.expires_at)
        poll.interest.waiting[poll] = None
        self._idle.cancel(poll.interest)
        self._wheel.set(poll, ends)
        poll.exchange.on_lost = poll.forget

    def release(self, poll: Poll) -> None:
        """Hold a poll no longer."""
        interest = poll.interest
        interest.waiting.pop(poll, None)
        self._wheel.cancel(poll)
        if not interest.waiting:
            self.rest(interest)

    def rest(self, interest: Interest) -> None:
        """Remember an interest that nobody waits with, for a while."""
        interest.pending.clear()
        self._live.dirty.pop(interest, None)
        if interest.alive:
            self._idle.set(interest, self._clock() + INTEREST_IDLE)

    def move(self, old: Interest, new: Interest) -> None:
        """Let all who wait with `old` go on with `new`."""
        new.waiting, old.waiting = old.waiting, {}
        new.pending, old.pending = old.pending, []
        for poll in new.waiting:
            poll.interest = new
        new.returning, old.returning = old.returning, {}
        self._idle.cancel(old)
        if new.waiting:
            self._idle.cancel(new)
            if new.pending:
                self._live.dirty[new] = None

    def plan_flush(self) -> None:
        """See to it that pending events leave after this turn of the loop."""
        if self._live.dirty and not self._flush_planned:
            self._flush_planned = True
            asyncio.get_running_loop().call_soon(self._flush)

    def answer(self, poll: Poll, events: Matched) -> None:
        """Answer a poll that is not held, or no longer, with its cursor and `events`."""
        body = envelopes.answer(poll.cursor, events, poll.subscribe_key)
        self._send(poll, body, self._clock())
        if not poll.interest.waiting:
            self.rest(poll.interest)

    def sweep(self, now: float) -> Steps[None]:
        """Answer polls whose time is over. Call it a few times a second."""
        for poll in self._wheel.due(now):
            self.release(poll)
            if refusal := poll.token and self._refusal(poll.token, now):
                refuse(poll.exchange, refusal)
            else:
                self.answer(poll, [])
            yield
        for interest in self._idle.due(now):
            self._live.retire(interest)
            self.on_retire(interest)
            yield

    def cut(self, signature: bytes, interests: list[Interest], now: float) -> None:
        """Refuse every held poll of a token that has just been revoked."""
        for interest in interests:
            for poll in tuple(interest.waiting):
                token = poll.token
                if token is not None and token.signature == signature:
                    self.release(poll)
                    if refusal := self._refusal(token, now):
                        refuse(poll.exchange, refusal)

    def drain(self, interests: list[Interest]) -> None:
        """Answer every held poll with nothing: any error would strand some of the SDKs."""
        for interest in interests:
            for poll in tuple(interest.waiting):
                self.release(poll)
                self.answer(poll, [])

    def _flush(self) -> None:
        self._turns.run(self._deliver_all())

    def _deliver_all(self) -> Steps[None]:
        while self._live.dirty:
            interest = next(iter(self._live.dirty))
            del self._live.dirty[interest]
            events, interest.pending = interest.pending, []
            yield from self._deliver(interest, events)
        self._flush_planned = False

    def _deliver(self, interest: Interest, events: Matched) -> Steps[None]:
        """Answer all who wait with one interest, encoding once for all who may have the same."""
        now = self._clock()
        first, last = events[0][0].timetoken, events[-1][0].timetoken
        seen = Seen(events)
        bodies: dict[tuple[str, Filter | None], bytes | None] = {}
        for number, poll in enumerate(tuple(interest.waiting)):
            if poll.cursor >= first:  # it came in between, or looks ahead of us
                if poll in poll.interest.waiting:
                    self._deliver_later_part(poll, events)
                continue
            variant = (poll.subscribe_key, poll.filter)
            if variant not in bodies:
                wanted = seen.select(poll.filter)
                bodies[variant] = (
                    envelopes.answer(last, wanted, poll.subscribe_key) if wanted else None
                )
                if poll.filter is not None:
                    yield
            if number % AT_ONCE == AT_ONCE - 1:
                yield
            if poll in poll.interest.waiting:  # or else answered meanwhile, or gone
                self._finish(poll, bodies[variant], last, now)
        if not interest.waiting:
            self.rest(interest)

    def _deliver_later_part(self, poll: Poll, events: Matched) -> None:
        later = [pair for pair in events if pair[0].timetoken > poll.cursor]
        last = later[-1][0].timetoken if later else poll.cursor
        wanted = Seen(later).select(poll.filter)
        body = envelopes.answer(last, wanted, poll.subscribe_key) if wanted else None
        self._finish(poll, body, last, self._clock())

    def _finish(self, poll: Poll, body: bytes | None, cursor: int, now: float) -> None:
        """Send `body`, or go on waiting from `cursor` if the poll's filter wanted none of it."""
        if body is None:
            poll.cursor = cursor
            return
        del poll.interest.waiting[poll]
        self._wheel.cancel(poll)
        if refusal := poll.token and self._refusal(poll.token, now):
            refuse(poll.exchange, refusal)
        else:
            self._send(poll, body, now)

    def _send(self, poll: Poll, body: bytes, now: float) -> None:
        poll.exchange.respond(200, body, HEADERS)
        if poll.uuid is not None:
            poll.interest.expect(poll.uuid, now=now)


class Seen:
    """Events as filters see them; each is parsed once, for all filters."""

    def __init__(self, events: Matched) -> None:
        self._events = events
        self._sources: list[Sources] = []

    def select(self, wanted: Filter | None) -> Matched:
        """Return the events that a filter lets through; presence and actions are not filtered."""
        if wanted is None:
            return self._events
        if not self._sources:
            self._sources = [event.sources for event, _ in self._events]
        return [
            pair
            for pair, sources in zip(self._events, self._sources, strict=True)
            if not pair[0].filterable or wanted.accepts(sources)
        ]
