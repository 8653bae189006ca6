"""What all endpoints act on: one hub, one clock, what is live, who is present, what is stored."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hark_gateway.hub.hub import Hub
from hark_gateway.hub.payload import check
from hark_gateway.hub.stream import Member
from hark_gateway.hub.stream import Publication as HubPublication
from hark_gateway.hub.turns import Steps, Turns
from hark_gateway.refusals import Refusals

from . import envelopes, names
from .access import Gatekeeper, Keyset
from .announcer import Announcer, Event
from .arrivals import Arrivals
from .clock import TICKS_PER_SECOND, TimetokenClock
from .envelopes import MessageType
from .lists import Lists
from .live import Interest, Live
from .options import PubNubOptions
from .polls import Polls
from .presence import Change, Presence, Stay
from .refusals import PubNubRefusals
from .storage import (
    ActionStore,
    Database,
    GrantStore,
    GroupStore,
    Message,
    MessageStore,
    NotStored,
    RevocationStore,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message on its way in; `data` and `meta` are JSON on one line."""

    channel: str
    data: bytes
    publisher: str | None = None
    meta: bytes | None = None
    custom_type: str | None = None
    store: bool = True
    ttl: float = 0
    """Seconds it is stored; 0 as long as all others."""


class Service:
    """All state behind the protocol, on the hub that every protocol shares."""

    def __init__(
        self, options: PubNubOptions, hub: Hub, turns: Turns, *, now: Callable[[], float]
    ) -> None:
        self.options = options
        self.hub = hub
        self.turns = turns
        self.now = now
        rules = hub.namespaces.rules
        self.spelling = names.Spelling(
            [namespace.name for namespace in rules.namespaces], boundary=rules.namespace_boundary
        )
        self._open_storage()
        self.lists: Lists[Interest, Stay] = Lists()
        self.live = Live(self.lists, size=options.buffer_size, ttl=options.buffer_ttl)
        self.presence = Presence(self.lists)
        self.arrivals = Arrivals()
        self.announcer = Announcer(
            announce_max=options.presence_announce_max, interval=options.presence_interval
        )
        self.gatekeeper = Gatekeeper(
            self.revocations,
            self.grants,
            {each.subscribe_key: Keyset(each) for each in options.all_keysets},
            options.require_uuid,
            earliest=math.ceil(now()) if self._forgets_revocations else 0,
        )
        self.polls = Polls(
            self.live,
            turns,
            hold_time=options.hold_time,
            clock=now,
            refusal=self.gatekeeper.refusal,
        )
        self.refusals = PubNubRefusals()
        self.storage_faults = Refusals("PubNub storage cannot be written")
        self._publishing: Publication | None = None
        self._published = 0
        self._swept = 0.0
        self._is_sweeping = False
        self._refill(now())
        hub.observers.append(self._heard)

    @property
    def _forgets_revocations(self) -> bool:
        return self.options.refuse_earlier_tokens and not self.options.storage_path

    def _open_storage(self) -> None:
        options = self.options
        path = Path(options.storage_path) if options.storage_path else None
        self.database = Database(path, max_bytes=options.storage_max_bytes)
        self.messages = MessageStore(
            self.database, size=options.history_size, ttl=options.history_ttl
        )
        self.actions = ActionStore(self.database, ttl=options.history_ttl)
        self.groups = GroupStore(self.database)
        self.revocations = RevocationStore(self.database)
        self.grants = GrantStore(self.database)
        self.clock = TimetokenClock(self.database.last_timetoken())

    def _refill(self, now: float) -> None:
        """Let subscribers catch up across a restart with what was stored before it."""
        since = int((now - self.options.buffer_ttl) * TICKS_PER_SECOND)
        for message in self.messages.since(since, now=now):
            event = envelopes.event(
                message.timetoken,
                message.channel,
                message.data,
                publisher=message.publisher,
                meta=message.meta,
                custom_type=message.custom_type,
                filterable=True,
            )
            self.live.add(event, now=now)

    # Messages

    def publish(self, publication: Publication, *, now: float) -> int:
        """Publish a message on every protocol; return its timetoken.

        Raises:
            HubError: The hub refuses it; nothing has happened.
        """
        if publication.meta is not None:
            check(publication.meta)
        publisher = publication.publisher
        self._publishing, self._published = publication, 0
        try:
            self.hub.publish(
                self.spelling.to_hub(publication.channel),
                publication.data,
                now=now,
                publisher=None if publisher is None else Member(client="", user=publisher),
                tags=_tags(publication.meta),
                keep=publication.store,
            )
        finally:
            self._publishing = None
        return self._published or self.clock.tick(now)

    def emit(self, kind: MessageType, publication: Publication, *, now: float) -> int:
        """Deliver what is never stored, to subscribers of this protocol; return its timetoken."""
        timetoken = self.clock.tick(now)
        event = envelopes.event(
            timetoken,
            publication.channel,
            publication.data,
            kind=kind,
            publisher=publication.publisher,
            custom_type=publication.custom_type,
            filterable=kind is MessageType.SIGNAL,
            kept=kind is not MessageType.SIGNAL,
        )
        self.live.add(event, now=now)
        self.polls.plan_flush()
        return timetoken

    def _heard(self, heard: HubPublication, keep: bool) -> None:
        """Take in what was published, by this protocol or by another."""
        publication = self._publishing or self._translated(heard, keep)
        if publication is not None:
            self._take_in(publication, heard.time)

    def _translated(self, heard: HubPublication, keep: bool) -> Publication | None:
        """Return what another protocol published, or None if its channel has no name here."""
        channel = self.spelling.from_hub(heard.channel)
        if channel is None:
            return None
        return Publication(
            channel=channel,
            data=heard.data,
            publisher=heard.publisher.user if heard.publisher is not None else None,
            meta=msgspec.json.encode(heard.tags) if heard.tags else None,
            store=keep,
        )

    def _take_in(self, publication: Publication, now: float) -> None:
        """Number a message, store it and mark who is to hear it, in one step."""
        timetoken = self._published = self.clock.tick(now)
        channel, data, meta = publication.channel, publication.data, publication.meta
        if publication.store and self.options.history_size:
            message = Message(
                channel, timetoken, data, meta, publication.publisher, publication.custom_type
            )
            try:
                self.messages.add(message, now=now, ttl=publication.ttl)
            except NotStored as fault:  # who is there shall hear it even so
                self.storage_faults.add(str(fault), level=logging.ERROR, now=now)
        event = envelopes.event(
            timetoken,
            channel,
            data,
            publisher=publication.publisher,
            meta=meta,
            custom_type=publication.custom_type,
            filterable=True,
            kept=publication.store,
        )
        self.live.add(event, now=now)
        self.polls.plan_flush()

    # Presence

    def announce(self, changes: Iterable[Change], *, now: float, keep: bool = False) -> None:
        """Tell whoever listens who came and who went.

        Args:
            keep: Somebody may be about to listen who is to hear of it too.
        """
        for change in changes:
            if keep or self.live.listened_to(change.channel + names.PRESENCE):
                event = self.announcer.note(change, now=now)
                if event is not None:
                    self.tell(change.channel, event, now=now, keep=keep)

    def tell(self, channel: str, event: Event, *, now: float, keep: bool = False) -> None:
        """Deliver one presence event of `channel`."""
        data = msgspec.json.encode(event)
        name = channel + names.PRESENCE
        self.live.add(envelopes.event(self.clock.tick(now), name, data), now=now, keep=keep)
        self.polls.plan_flush()

    # Life

    def sweep(self, now: float) -> None:
        """Do what has fallen due. Call it a few times a second."""
        if not self._is_sweeping:  # or else the last time still goes on
            self._is_sweeping = True
            self.turns.run(self._sweep(now))

    def _sweep(self, now: float) -> Steps[None]:
        try:
            yield from self.polls.sweep(now)
            for change in self.presence.due(now):
                self.announce((change,), now=now)
                yield
            if now - self._swept >= 1:
                self._swept = now
                yield from self._sweep_all(now)
        finally:
            self._is_sweeping = False

    def _sweep_all(self, now: float) -> Steps[None]:
        for channel, event in self.announcer.due(now):
            self.tell(channel, event, now=now)
            yield
        self.presence.states.sweep(now)
        self.arrivals.sweep(now)
        yield from self.live.sweep(now)
        yield
        self.lists.tidy()
        yield
        try:
            for store in (self.messages, self.actions):
                while store.sweep(now):
                    yield
            self.revocations.sweep(now)
            self.grants.sweep(now)
        except NotStored as fault:
            self.storage_faults.add(str(fault), level=logging.ERROR, now=now)
        self.refusals.sweep(now)
        self.storage_faults.sweep(now)


def _tags(meta: bytes | None) -> dict[str, str] | None:
    """Return metadata as the hub's tags, if that is what it can be: text by name."""
    try:
        return None if meta is None else msgspec.json.decode(meta, type=dict[str, str])
    except msgspec.DecodeError:
        return None
