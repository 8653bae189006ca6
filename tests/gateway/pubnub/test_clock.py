"""Timetokens never repeat and never go back, whatever the wall clock does."""

from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub.clock import TimetokenClock

SECONDS = st.floats(min_value=1.7e9, max_value=9.9e9)


@given(st.lists(SECONDS, min_size=1))
def test_ticks_strictly_increase_though_the_clock_jumps(times: list[float]) -> None:
    clock = TimetokenClock()
    ticks = [clock.tick(now) for now in times]
    assert ticks == sorted(set(ticks))
    assert all(len(str(tick)) == 17 for tick in ticks)


@given(SECONDS, SECONDS)
def test_a_tick_is_above_every_cursor_read_before_it(first: float, second: float) -> None:
    clock = TimetokenClock()
    cursor = clock.read(first)
    assert clock.tick(second) > cursor


def test_reading_alone_uses_nothing_up() -> None:
    clock = TimetokenClock()
    assert clock.read(1_700_000_000) == clock.read(1_700_000_000) == 17_000_000_000_000_000


def test_a_restart_goes_on_above_the_last_one() -> None:
    clock = TimetokenClock(last=17_999_999_999_999_999)
    assert clock.tick(1_700_000_000) == 18_000_000_000_000_000
