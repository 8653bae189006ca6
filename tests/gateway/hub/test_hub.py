"""The hub: order, retention, recovery and what is given back."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hark_gateway.hub.channel import Channel
from hark_gateway.hub.errors import (
    AlreadySubscribed,
    BadRequest,
    HubError,
    NotAvailable,
    UnknownChannel,
    Unrecoverable,
)
from hark_gateway.hub.hub import Hub
from hark_gateway.hub.options import ChannelRules, NamespaceOptions, Namespaces
from hark_gateway.hub.stream import Member, Position, Publication
from hark_gateway.protocols.centrifuge.codes import ERRORS

SIZE, TTL, META_TTL = 3, 60, 600


class Plain:
    """A wire that adds nothing but a mark at the end of each publication."""

    def publication(self, publication: Publication) -> bytes:
        return publication.data + b";"

    def joined(self, _channel: str, member: Member) -> bytes:
        return b"+%b;" % member.client.encode()

    def left(self, _channel: str, member: Member) -> bytes:
        return b"-%b;" % member.client.encode()


PLAIN = Plain()


class Listener:
    """A subscriber that keeps what it hears."""

    wire = PLAIN
    hears_members = True

    def __init__(self, name: str = "", *, leaves: bool = False) -> None:
        self.member = Member(name, name) if name else None
        self.heard: list[bytes] = []
        self.writes = 0
        self.seen: list[str] = []
        self.channel: Channel | None = None
        self.hub: Hub | None = None
        self._leaves = leaves

    def sink(self) -> "Listener":
        return self

    def write(self, data: bytes) -> None:
        self.writes += 1
        self.heard += data.split(b";")[:-1]
        if self._leaves and self.hub is not None and self.channel is not None:
            self.hub.unsubscribe(self, self.channel)

    def interrupted(self, channel: Channel) -> None:
        self.seen.append("interrupted")


class Turn:
    """What the hub takes for a turn of an event loop."""

    def __init__(self) -> None:
        self._last: list[Callable[[], None]] = []

    def __call__(self, function: Callable[[], None]) -> None:
        self._last.append(function)

    def end(self) -> None:
        last, self._last = self._last, []
        for function in last:
            function()


@pytest.fixture
def turn() -> Turn:
    return Turn()


@pytest.fixture
def hub(turn: Turn) -> Hub:
    """Knows `log`, which keeps three publications for 60 s, and `room`, which has presence."""
    log = NamespaceOptions(
        name="log", history_size=SIZE, history_ttl=TTL, history_meta_ttl=META_TTL
    )
    room = NamespaceOptions(name="room", presence=True, join_leave=True)
    return Hub(Namespaces(ChannelRules(namespaces=(log, room))), turn, time.monotonic)


def test_all_subscribers_hear_everything_in_order(hub: Hub, turn: Turn) -> None:
    listeners = [Listener() for _ in range(3)]
    for listener in listeners:
        hub.subscribe(listener, "log:1")
    for letter in (b"a", b"b", b"c"):
        hub.publish("log:1", letter, now=0)
        turn.end()
    assert [listener.heard for listener in listeners] == [[b"a", b"b", b"c"]] * 3
    assert (hub.counts.publications, hub.counts.deliveries, hub.counts.bytes) == (3, 9, 18)


def test_what_is_published_in_one_turn_leaves_in_two_writes(hub: Hub, turn: Turn) -> None:
    listener = Listener()
    hub.subscribe(listener, "log:1")
    for letter in (b"a", b"b", b"c"):
        hub.publish("log:1", letter, now=0)
    assert listener.heard == [b"a"]
    turn.end()
    assert listener.heard == [b"a", b"b", b"c"]
    assert listener.writes == 2


def test_who_comes_or_goes_within_a_turn_hears_what_was_published_meanwhile(
    hub: Hub, turn: Turn
) -> None:
    early, late = Listener(), Listener()
    channel = hub.subscribe(early, "log:1")
    hub.publish("log:1", b"a", now=0)
    hub.publish("log:1", b"b", now=0)
    hub.subscribe(late, "log:1")
    hub.publish("log:1", b"c", now=0)
    hub.unsubscribe(early, channel)
    hub.publish("log:1", b"d", now=0)
    turn.end()
    assert (early.heard, late.heard) == ([b"a", b"b", b"c"], [b"c", b"d"])


def test_a_subscriber_may_leave_while_being_told(hub: Hub) -> None:
    shy, calm = Listener(leaves=True), Listener()
    for listener in (shy, calm):
        listener.channel, listener.hub = hub.subscribe(listener, "log:1"), hub
    hub.publish("log:1", b"a", now=0)
    hub.publish("log:1", b"b", now=0)
    hub.unsubscribe(calm, calm.channel)
    assert (shy.heard, calm.heard) == ([b"a"], [b"a", b"b"])


def test_nobody_subscribes_twice(hub: Hub) -> None:
    listener = Listener()
    hub.subscribe(listener, "log:1")
    with pytest.raises(AlreadySubscribed):
        hub.subscribe(listener, "log:1")


@pytest.mark.parametrize(
    ("name", "error"), [("", BadRequest), ("x" * 256, BadRequest), ("nowhere:1", UnknownChannel)]
)
def test_a_channel_needs_a_name_and_a_namespace(hub: Hub, name: str, error: type[HubError]) -> None:
    with pytest.raises(error):
        hub.publish(name, b"a", now=0)
    with pytest.raises(error):
        hub.subscribe(Listener(), name)


def test_what_nobody_hears_and_nothing_keeps_takes_no_memory(hub: Hub) -> None:
    assert hub.publish("room:1", b"a", now=0) is None
    listener = Listener()
    channel = hub.subscribe(listener, "log:1")
    hub.stream_of(channel, now=0)
    hub.unsubscribe(listener, channel)
    assert hub.peek_stream("log:2", now=0).top == 0
    assert len(hub) == 0


def test_the_list_goes_as_a_whole_and_offsets_count_on(hub: Hub) -> None:
    hub.publish("log:1", b"a", now=0)
    hub.publish("log:1", b"b", now=50)  # keeps the first for longer, too
    assert len(hub.peek_stream("log:1", now=109).current(now=109)) == 2
    assert len(hub.peek_stream("log:1", now=110).current(now=110)) == 0
    position = hub.publish("log:1", b"c", now=111)
    assert position is not None
    assert position.offset == 3
    assert [each.data for each in hub.peek_stream("log:1", now=111).kept] == [b"c"]


def test_what_has_expired_is_given_back(hub: Hub) -> None:
    for number in range(100):
        hub.publish(f"log:{number}", b"a", now=0)
    hub.sweep(TTL + 2)
    assert [len(channel.stream.kept) for channel in hub if channel.stream] == [0] * 100
    hub.sweep(META_TTL + 2)
    assert len(hub) == 0


def test_a_stream_that_was_forgotten_begins_with_another_epoch(hub: Hub) -> None:
    before = hub.publish("log:1", b"a", now=0)
    listener = Listener()
    hub.subscribe(listener, "log:1")
    hub.sweep(META_TTL + 2)
    assert listener.seen == ["interrupted"]
    after = hub.publish("log:1", b"b", now=META_TTL + 3)
    assert before is not None
    assert after is not None
    assert after.offset == 1
    assert after.epoch != before.epoch


def test_reading_keeps_a_stream_from_being_forgotten(hub: Hub) -> None:
    before = hub.publish("log:1", b"a", now=0)
    hub.peek_stream("log:1", now=META_TTL - 1)
    hub.sweep(META_TTL + 2)
    after = hub.publish("log:1", b"b", now=META_TTL + 3)
    assert before is not None
    assert after == Position(before.epoch, 2)


def test_members_come_and_go_before_the_eyes_of_others(hub: Hub, turn: Turn) -> None:
    ana, bo = Listener("ana"), Listener("bo")
    room = hub.subscribe(ana, "room:1")
    hub.subscribe(bo, "room:1")
    hub.announce(room, bo.member or Member("", ""))
    turn.end()
    assert [member.client for member in hub.members("room:1")] == ["ana", "bo"]
    hub.unsubscribe(bo, room)
    turn.end()
    assert ana.heard == [b"+bo", b"-bo"]
    assert bo.heard == [b"+bo"]
    with pytest.raises(NotAvailable):
        hub.members("log:1")


def test_every_cause_has_an_answer_in_the_protocol() -> None:
    def causes(base: type[HubError]) -> set[type[HubError]]:
        found = set(base.__subclasses__())
        return found.union(*(causes(each) for each in found)) if found else found

    ours = {each for each in causes(HubError) if each.__module__.startswith("hark_gateway.hub")}
    assert ours <= ERRORS.keys()


class StreamBesideList(RuleBasedStateMachine):
    """A stream beside a list of everything that was ever published to it."""

    @initialize()
    def begin(self) -> None:
        options = NamespaceOptions(name="log", history_size=SIZE, history_ttl=TTL)
        self.hub = Hub(Namespaces(ChannelRules(namespaces=(options,))), Turn(), time.monotonic)
        self.now = 0.0
        self.expires = 0.0
        self.all: list[bytes] = []
        self.first_kept = 0  # the index of the oldest publication that can still be had

    @rule(data=st.binary(max_size=3))
    def publish(self, data: bytes) -> None:
        if self.now >= self.expires:
            self.first_kept = len(self.all)
        self.all.append(data)
        self.first_kept = max(self.first_kept, len(self.all) - SIZE)
        self.expires = self.now + TTL
        position = self.hub.publish("log:1", data, now=self.now)
        assert position is not None
        assert position.offset == len(self.all)

    @rule(passed=st.integers(0, 2 * TTL))
    def wait(self, passed: int) -> None:
        self.now += passed
        if self.now >= self.expires:
            self.first_kept = len(self.all)
        self.hub.sweep(self.now)

    @rule(offset=st.integers(0, 20), limit=st.integers(0, 4))
    def recover(self, offset: int, limit: int) -> None:
        stream = self.hub.peek_stream("log:1", now=self.now)
        missed = self.all[offset:]
        possible = self.first_kept <= offset <= len(self.all) and len(missed) <= limit
        try:
            got = stream.missed(Position(stream.epoch, offset), limit=limit, now=self.now)
        except Unrecoverable:
            assert not possible
        else:
            assert possible
            assert [each.data for each in got] == missed

    @rule(
        limit=st.integers(-1, 4),
        since=st.none() | st.integers(0, 20),
        reverse=st.booleans(),
    )
    def read(self, limit: int, since: int | None, reverse: bool) -> None:
        stream = self.hub.peek_stream("log:1", now=self.now)
        numbered = list(enumerate(self.all, start=1))[self.first_kept :]
        if since is not None and reverse:
            numbered = [each for each in numbered if each[0] < since]
        elif since is not None:
            numbered = [each for each in numbered if each[0] > since]
        expected = numbered[::-1] if reverse else numbered
        expected = expected if limit < 0 else expected[:limit]
        position = Position("", since) if since is not None else None
        try:
            page = stream.read(limit=limit, since=position, reverse=reverse, now=self.now)
        except BadRequest:
            assert reverse
            assert since == 0
        else:
            assert [(each.offset, each.data) for each in page] == expected


TestStream = StreamBesideList.TestCase
TestStream.settings = settings(max_examples=200, deadline=None)


@given(st.text(max_size=40))
def test_any_name_either_has_options_or_a_reason_why_not(name: str) -> None:
    namespaces = Namespaces(ChannelRules(namespaces=(NamespaceOptions(name="ab"),)))
    try:
        options = namespaces.options_for(name)
    except HubError:
        assert not name or ":" in name
    else:
        head, boundary, _ = name.partition(":")
        assert isinstance(options, NamespaceOptions) == (bool(boundary) and head in ("ab", "$ab"))


def test_an_observer_that_fails_harms_neither_publisher_nor_others(hub: Hub) -> None:
    listener, told = Listener(), []

    def fails(_publication: Publication, _keep: bool) -> None:
        raise RuntimeError("a fault of its own")

    hub.observers += [fails, lambda publication, keep: told.append((publication.data, keep))]
    hub.subscribe(listener, "log:1")
    position = hub.publish("log:1", b"a", now=0)
    assert position is not None
    assert position.offset == 1
    assert (listener.heard, told) == ([b"a"], [(b"a", True)])


def test_a_subscriber_that_fails_harms_neither_publisher_nor_others(hub: Hub, turn: Turn) -> None:
    class Broken(Listener):
        def write(self, data: bytes) -> None:
            raise RuntimeError("a fault of its own")

    listeners = [Listener("a"), Broken("b"), Listener("c"), Broken("d"), Listener("e")]
    for listener in listeners:
        channel = hub.subscribe(listener, "room:1")
        hub.announce(channel, listener.member or Member("", ""))
        turn.end()
    hub.publish("room:1", b"1", now=0)
    hub.publish("room:1", b"2", now=0)
    turn.end()
    assert [each.heard[-2:] for each in listeners] == [
        [b"1", b"2"], [], [b"1", b"2"], [], [b"1", b"2"],
    ]  # fmt: skip
    assert listeners[0].heard[:-2] == [b"+a", b"+b", b"+c", b"+d", b"+e"]


@pytest.mark.parametrize(
    "data", [b"[" * 300 + b"]" * 300, b"1" * 5000], ids=["nested", "many digits"]
)
def test_a_publication_is_checked_before_anything_happens(hub: Hub, data: bytes) -> None:
    listener, told = Listener(), []
    hub.observers.append(lambda publication, _: told.append(publication))
    hub.subscribe(listener, "log:1")
    with pytest.raises(BadRequest):
        hub.publish("log:1", data, now=0)
    assert (listener.heard, told, hub.counts.publications) == ([], [], 0)
    assert hub.peek_stream("log:1", now=0).top == 0


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_channels_name_is_measured_in_bytes(hub: Hub, letter: str) -> None:
    size = len(letter.encode())
    hub.namespaces.options_for(letter * (255 // size))
    with pytest.raises(BadRequest):
        hub.namespaces.options_for(letter * (255 // size + 1))
