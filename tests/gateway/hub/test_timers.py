"""The timer wheel, beside the plainest thing that does the same: a dictionary of deadlines."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hark_gateway.hub.timers import TimerWheel

TICK = 0.5


class Item:
    """Something with a deadline."""

    def __init__(self) -> None:
        self.wheel_slot = 0


class WheelBesideDictionary(RuleBasedStateMachine):
    """Both are told the same; nothing may be due early, late by more than a tick, or twice."""

    @initialize(count=st.integers(1, 5))
    def begin(self, count: int) -> None:
        self.now = 1000.0
        self.wheel: TimerWheel[Item] = TimerWheel(tick=TICK)
        list(self.wheel.due(self.now))
        self.items = [Item() for _ in range(count)]
        self.deadlines: dict[Item, float] = {}

    @rule(index=st.integers(0, 4), delay=st.floats(-2, 100))
    def set(self, index: int, delay: float) -> None:
        item = self.items[index % len(self.items)]
        self.wheel.set(item, self.now + delay)
        self.deadlines[item] = self.now + delay

    @rule(index=st.integers(0, 4))
    def cancel(self, index: int) -> None:
        item = self.items[index % len(self.items)]
        self.wheel.cancel(item)
        self.deadlines.pop(item, None)

    @rule(passed=st.one_of(st.floats(0, 3), st.floats(0, 10_000)))
    def wait(self, passed: float) -> None:
        self.now += passed
        for item in self.wheel.due(self.now):
            assert self.deadlines.pop(item) <= self.now

    @invariant()
    def nothing_is_late(self) -> None:
        late = [each for each in self.deadlines.values() if each < self.now - 2 * TICK]
        # What was set into the past is due at the next look, which may not have come.
        assert all(item.wheel_slot for item in self.deadlines), late

    def teardown(self) -> None:
        if hasattr(self, "wheel"):
            last = max(self.deadlines.values(), default=0.0)
            for item in self.wheel.due(max(last, self.now) + 2 * TICK):
                del self.deadlines[item]
            assert not self.deadlines


TestWheel = WheelBesideDictionary.TestCase
TestWheel.settings = settings(max_examples=200, deadline=None)


@pytest.mark.timeout(20)  # searching for each takes a minute
def test_very_many_that_are_due_at_once_are_taken_out_without_searching() -> None:
    wheel: TimerWheel[Item] = TimerWheel(tick=TICK)
    for _ in range(500_000):
        wheel.set(Item(), 10)
    assert sum(1 for _ in wheel.due(11)) == 500_000


def test_one_that_sets_itself_again_is_not_due_at_once() -> None:
    wheel: TimerWheel[Item] = TimerWheel(tick=TICK)
    item = Item()
    wheel.set(item, 10)
    seen = 0
    for due in wheel.due(11):
        seen += 1
        wheel.set(due, 11)
    assert seen == 1
    assert list(wheel.due(12)) == [item]
