"""Sweeps: a crowd is written to in slices, and each subscriber hears what it would of a list."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hark_gateway.hub import backlog, sweeps
from hark_gateway.hub import channel as channels
from hark_gateway.hub.channel import Channel
from hark_gateway.hub.hub import Hub
from hark_gateway.hub.options import ChannelRules, NamespaceOptions, Namespaces
from hark_gateway.hub.stream import Member, Position, Publication


class Marked:
    """A wire on which everything begins and ends with marks of its own."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark

    def publication(self, publication: Publication) -> bytes:
        return b"%b%d=%b;" % (self.mark, publication.offset, publication.data)

    def joined(self, channel: str, member: Member) -> bytes:
        return b"%b+%b;" % (self.mark, member.client.encode())

    def left(self, channel: str, member: Member) -> bytes:
        return b"%b-%b;" % (self.mark, member.client.encode())


WIRES = (Marked(b"a"), Marked(b"b"))


class Listener:
    """A subscriber that keeps what it is written, beside what it should have been."""

    def __init__(
        self, name: str, wire: Marked = WIRES[0], *, hears_members: bool = False, patience: int = -1
    ) -> None:
        self.member = Member(name, name)
        self.wire = wire
        self.hears_members = hears_members
        self.patience = patience
        """The writes after which it leaves, within the last one; below 0 it stays."""
        self.writes: list[bytes] = []
        self.expected: list[bytes] = []
        self.on_leave: Callable[[Listener], None] = lambda _: None

    @property
    def heard(self) -> list[bytes]:
        return b"".join(self.writes).split(b";")[:-1]

    def expect(self, item: bytes) -> None:
        self.expected.append(self.wire.mark + item)

    def sink(self) -> "Listener":
        return self

    def write(self, data: bytes) -> None:
        assert data
        self.writes.append(data)
        if len(self.writes) == self.patience:
            self.on_leave(self)

    def interrupted(self, channel: Channel) -> None:
        """Go on listening."""


class Loop:
    """What the hub takes for an event loop, and for a clock that each look moves on."""

    def __init__(self) -> None:
        self.planned: list[Callable[[], None]] = []
        self.now = 0.0
        self.step = 0.0

    def __call__(self, function: Callable[[], None]) -> None:
        self.planned.append(function)

    def clock(self) -> float:
        self.now += self.step
        return self.now

    def turn(self, *, groups: int = 1) -> None:
        """Go through one turn in which there is time for so many groups."""
        self.step = sweeps.BUDGET / groups * 1.001
        planned, self.planned = self.planned, []
        for function in planned:
            function()

    def settle(self) -> None:
        while self.planned:
            self.turn(groups=1000)


NAMESPACE = NamespaceOptions(
    name="room", history_size=1000, history_ttl=1000, presence=True, join_leave=True
)


def make_hub(loop: Loop) -> Hub:
    return Hub(Namespaces(ChannelRules(namespaces=(NAMESPACE,))), loop, loop.clock)


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def hub(loop: Loop) -> Hub:
    loop.step = sweeps.BUDGET  # time for one group in each turn
    return make_hub(loop)


def crowd(hub: Hub, size: int) -> list[Listener]:
    listeners = [Listener(str(number)) for number in range(size)]
    for listener in listeners:
        hub.subscribe(listener, "room:1")
    return listeners


def reached(listeners: list[Listener]) -> int:
    return sum(bool(listener.writes) for listener in listeners)


def test_a_crowd_is_written_to_in_slices(hub: Hub, loop: Loop) -> None:
    listeners = crowd(hub, 5 * channels.GROUP)
    hub.publish("room:1", b"1", now=0)
    assert reached(listeners) == channels.GROUP
    loop.turn()
    assert reached(listeners) == 2 * channels.GROUP
    loop.settle()
    assert reached(listeners) == 5 * channels.GROUP


def test_who_is_behind_gets_all_that_came_in_one_write(hub: Hub, loop: Loop) -> None:
    listeners = crowd(hub, 2 * channels.GROUP)
    for number in range(100):
        hub.publish("room:1", b"%d" % number, now=0)
    loop.settle()
    assert {len(listener.heard) for listener in listeners} == {100}
    assert sorted({len(listener.writes) for listener in listeners}) == [1, 2]
    assert hub.counts.deliveries == 200 * channels.GROUP


def test_crowds_of_many_channels_take_turns(hub: Hub, loop: Loop) -> None:
    crowds = []
    for name in ("room:1", "room:2"):
        crowds.append([Listener(str(number)) for number in range(10 * channels.GROUP)])
        for listener in crowds[-1]:
            hub.subscribe(listener, name)
        hub.publish(name, b"1", now=0)
    for _ in range(8):
        loop.turn()
    assert abs(reached(crowds[0]) - reached(crowds[1])) <= channels.GROUP


def test_one_write_is_bounded(hub: Hub, loop: Loop) -> None:
    listeners = crowd(hub, 2 * channels.GROUP)
    for _ in range(8):
        hub.publish("room:1", b"x" * 20_000, now=0)
    hub.publish("room:1", b"x" * 100_000, now=0)
    loop.settle()
    assert {len(listener.heard) for listener in listeners} == {9}
    most = max(len(data) for listener in listeners for data in listener.writes)
    assert most < backlog.MAX_JOINED_BYTES + 40_000


@pytest.mark.parametrize(("size", "times"), [(2, 10_000), (1000, 1000), (100_000, 60)])
def test_a_backlog_is_bounded_and_nothing_is_lost(
    hub: Hub, loop: Loop, size: int, times: int
) -> None:
    listeners = crowd(hub, 3 * channels.GROUP)
    channel = hub.find("room:1")
    assert channel is not None
    longest = 0
    for _ in range(times):
        hub.publish("room:1", b"x" * size, now=0)
        longest = max(longest, channel.backlog.size if channel.backlog is not None else 0)
    assert longest <= sweeps.LONG_BYTES + 2 * (backlog.MAX_JOINED_BYTES + size + backlog.OVERHEAD)
    loop.settle()
    assert {len(each.heard) for each in listeners} == {times}
    assert channel.backlog is None


def test_a_backlog_of_leaves_is_bounded_from_one_turn_to_the_next(hub: Hub, loop: Loop) -> None:
    listeners = [Listener(str(number), hears_members=True) for number in range(3 * channels.GROUP)]
    for listener in listeners:
        hub.subscribe(listener, "room:1")
    channel = hub.find("room:1")
    assert channel is not None
    visitor = Listener("visitor")
    visitor.member = Member("visitor", "visitor", b'"' + b"x" * 998 + b'"')
    for _ in range(40):
        for _ in range(100):
            hub.subscribe(visitor, "room:1")
            hub.unsubscribe(visitor, channel, is_gone=True)
        loop.turn()
        assert channel.backlog is None or channel.backlog.size <= sweeps.TOO_LONG_BYTES
    loop.settle()
    assert {len(each.heard) for each in listeners} == {4000}


def test_one_of_a_few_hears_of_its_own_join_at_once(hub: Hub) -> None:
    listener = Listener("ana", hears_members=True)
    channel = hub.subscribe(listener, "room:1")
    hub.announce(channel, listener.member)
    assert listener.heard == [b"a+ana"]


def test_a_crowd_whose_members_come_and_go_all_the_time_keeps_little(hub: Hub, loop: Loop) -> None:
    crowd(hub, 5 * channels.GROUP)
    channel = hub.find("room:1")
    assert channel is not None
    for number in range(500):
        hub.announce(channel, Member(str(number), "visitor"))
        loop.turn()
        assert channel.backlog is None or len(channel.backlog) <= 15


def test_what_cannot_be_encoded_stops_nothing(hub: Hub, loop: Loop) -> None:
    class Fragile(Marked):
        def publication(self, publication: Publication) -> bytes:
            if publication.data == b"2":
                raise ValueError("a fault of its own")
            return super().publication(publication)

    listeners = [Listener(str(number), Fragile(b"f")) for number in range(2 * channels.GROUP)]
    for listener in listeners:
        hub.subscribe(listener, "room:1")
    for data in (b"1", b"2", b"3"):
        hub.publish("room:1", data, now=0)
    loop.settle()
    hub.publish("room:1", b"4", now=0)
    loop.settle()
    assert {tuple(each.heard) for each in listeners} == {(b"f1=1", b"f3=3", b"f4=4")}


def test_who_published_hears_it_at_once_when_asked_for(hub: Hub) -> None:
    listeners = crowd(hub, 5 * channels.GROUP)
    hub.publish("room:1", b"1", now=0)
    last = listeners[-1]
    channel = hub.find("room:1")
    assert channel is not None
    assert not last.writes
    hub.catch_up(last, channel)
    assert last.heard == [b"a1=1"]


def test_one_who_leaves_while_others_are_written_to_hides_nothing(hub: Hub, loop: Loop) -> None:
    leaver = Listener("leaver", WIRES[0], patience=1)
    others = [
        Listener(str(number), WIRES[1], hears_members=True) for number in range(3 * channels.GROUP)
    ]
    for listener in (leaver, *others):
        hub.subscribe(listener, "room:1")
    channel = hub.find("room:1")
    assert channel is not None
    leaver.on_leave = lambda _: hub.unsubscribe(leaver, channel)
    hub.publish("room:1", b"1", now=0)
    loop.settle()
    assert {tuple(each.heard) for each in others} == {(b"b1=1", b"b-leaver")}


def test_who_leaves_is_counted_as_told_what_it_had_not_heard(hub: Hub, loop: Loop) -> None:
    listeners = crowd(hub, 3 * channels.GROUP)
    channel = hub.find("room:1")
    assert channel is not None
    hub.publish("room:1", b"1", now=0)
    hub.unsubscribe(listeners[-1], channel)
    assert listeners[-1].heard == [b"a1=1"]
    hub.unsubscribe(listeners[-2], channel, is_gone=True)
    loop.settle()
    assert hub.counts.deliveries == 3 * channels.GROUP - 1


def test_groups_that_became_small_are_joined(hub: Hub, loop: Loop) -> None:
    listeners = crowd(hub, 8 * channels.GROUP)
    channel = hub.find("room:1")
    assert channel is not None
    for number, listener in enumerate(listeners):
        if number % 8:
            hub.unsubscribe(listener, channel)
    loop.settle()
    hub.publish("room:1", b"1", now=0)
    loop.settle()
    assert [each.heard[-1] for each in listeners[::8]] == [b"a1=1"] * channels.GROUP
    assert len(channel._groups) <= 2


class SweepBesideLists(RuleBasedStateMachine):
    """A channel beside one list for each subscriber; groups, writes and backlogs are tiny."""

    listeners: list[Listener]

    @initialize()
    def begin(self) -> None:
        self.patches = [
            patch.object(channels, "GROUP", 2),
            patch.object(backlog, "OVERHEAD", 2),
            patch.object(backlog, "MAX_JOINED_BYTES", 15),
            patch.object(channels, "MAX_JOINED_BYTES", 15),
            patch.object(sweeps, "LONG_BYTES", 30),
            patch.object(sweeps, "TOO_LONG_BYTES", 60),
        ]
        for each in self.patches:
            each.start()
        self.loop = Loop()
        self.hub = make_hub(self.loop)
        self.listeners = []
        self.gone: list[Listener] = []
        self.said = 0
        self.stream: list[bytes] = []

    def teardown(self) -> None:
        if hasattr(self, "hub"):
            self.loop.settle()
            for listener in self.listeners:
                assert listener.heard == listener.expected
            for each in self.patches:
                each.stop()

    def channel(self) -> Channel:
        channel = self.hub.find("room:1")
        assert channel is not None
        return channel

    @rule(
        wire=st.sampled_from(WIRES),
        hears_members=st.booleans(),
        patience=st.sampled_from([-1, -1, -1, 1, 2, 5]),
        is_shown=st.booleans(),
    )
    def subscribe(self, wire: Marked, hears_members: bool, patience: int, is_shown: bool) -> None:
        self.said += 1
        listener = Listener(str(self.said), wire, hears_members=hears_members, patience=patience)
        listener.on_leave = self.leave
        self.hub.subscribe(listener, "room:1")
        self.listeners.append(listener)
        if is_shown:
            self.expect(b"+" + listener.member.client.encode(), is_change=True)
            self.hub.announce(self.channel(), listener.member)

    @rule(offset=st.integers(0, 5))
    def subscribe_and_recover(self, offset: int) -> None:
        self.said += 1
        listener = Listener(str(self.said))
        self.hub.subscribe(listener, "room:1")
        self.listeners.append(listener)
        stream = self.hub.peek_stream("room:1", now=0)
        since = max(stream.top - offset, 0)
        for each in stream.missed(Position(stream.epoch, since), limit=100, now=0):
            listener.writes.append(listener.wire.publication(each))
        for item in self.stream[since:]:
            listener.expect(item)

    @precondition(lambda self: self.listeners)
    @rule(number=st.integers(0), is_gone=st.booleans())
    def unsubscribe(self, number: int, is_gone: bool) -> None:
        self.leave(self.listeners[number % len(self.listeners)], is_gone=is_gone)

    def leave(self, listener: Listener, *, is_gone: bool = False) -> None:
        self.listeners.remove(listener)
        self.gone.append(listener)
        listener.on_leave = lambda _: None  # it does so once
        self.expect(b"-" + listener.member.client.encode(), is_change=True)
        self.hub.unsubscribe(listener, self.channel(), is_gone=is_gone)
        if is_gone:
            listener.expected = listener.expected[: len(listener.heard)]
        assert listener.heard == listener.expected

    @rule(size=st.sampled_from([1, 2, 20]), keep=st.booleans(), times=st.integers(1, 6))
    def publish(self, size: int, keep: bool, times: int) -> None:
        for _ in range(times):
            self.said += 1
            data = b"%d" % self.said + b"x" * size
            item = b"%d=%b" % (len(self.stream) + 1 if keep else 0, data)
            if keep:
                self.stream.append(item)
            self.expect(item)
            self.hub.publish("room:1", data, now=0, keep=keep)

    @precondition(lambda self: self.listeners)
    @rule(number=st.integers(0))
    def catch_up(self, number: int) -> None:
        listener = self.listeners[number % len(self.listeners)]
        self.hub.catch_up(listener, self.channel())
        if listener in self.listeners and len(self.channel()._groups) > 1:
            assert listener.heard == listener.expected

    @rule(groups=st.integers(1, 4))
    def turn(self, groups: int) -> None:
        self.loop.turn(groups=groups)

    @rule()
    def settle(self) -> None:
        self.loop.settle()
        for listener in self.listeners:
            assert listener.heard == listener.expected
        if self.hub.find("room:1") is not None:
            assert self.channel().backlog is None
            assert not self.channel().is_swept

    def expect(self, item: bytes, *, is_change: bool = False) -> None:
        for listener in self.listeners:
            if not is_change or listener.hears_members:
                listener.expect(item)

    @invariant()
    def nobody_heard_what_was_not_said(self) -> None:
        for listener in getattr(self, "listeners", ()):
            heard = listener.heard
            assert heard == listener.expected[: len(heard)]
        for listener in getattr(self, "gone", ()):
            assert listener.heard == listener.expected

    @invariant()
    def everybody_is_in_one_group(self) -> None:
        channel = self.hub.find("room:1") if hasattr(self, "hub") else None
        if channel is not None:
            grouped = [each for group in channel._groups for each in group]
            assert sorted(map(id, grouped)) == sorted(map(id, self.listeners))
            assert all(len(group) <= 2 for group in channel._groups)


TestSweeps = SweepBesideLists.TestCase
TestSweeps.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
