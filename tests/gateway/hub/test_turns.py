"""Turns: bounded work in each, in rotation, and nothing lost when one piece of it fails."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.hub.turns import Steps, Turns, at_once


class Loop:
    """An event loop, and a clock that only work moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.soon: list[Callable[[], None]] = []
        self.turns = Turns(self.soon.append, lambda: self.now, budget=1)
        self.done: list[str] = []

    def work(self, name: str, steps: int, seconds: float = 0.25) -> Iterator[None]:
        for _ in range(steps):
            self.now += seconds
            self.done.append(name)
            yield

    def turn(self) -> None:
        soon, self.soon[:] = self.soon[:], []
        for function in soon:
            function()


def test_short_work_is_done_at_once_and_plans_nothing() -> None:
    loop = Loop()
    assert loop.turns.run(loop.work("a", 1))
    assert (loop.done, loop.soon) == (["a"], [])


def test_a_turn_takes_a_bounded_time() -> None:
    loop = Loop()
    assert not loop.turns.run(loop.work("a", 11))
    counts = [len(loop.done)]
    while loop.soon:
        loop.turn()
        counts.append(len(loop.done))
    assert max(after - before for before, after in zip([0, *counts], counts, strict=False)) <= 6
    assert counts[-1] == 11
    assert len(loop.turns) == 0


def test_work_that_comes_later_does_not_wait_for_the_end_of_what_was_before() -> None:
    loop = Loop()
    loop.turns.run(loop.work("long", 1000))
    assert not loop.turns.run(loop.work("short", 6))
    while "short" in loop.done[-8:] or loop.done.count("short") < 6:
        loop.turn()
    assert loop.done.count("long") < 20


def test_the_first_steps_are_done_at_once_even_if_the_turn_is_over() -> None:
    loop = Loop()
    loop.turns.run(loop.work("long", 1000))
    before = len(loop.done)
    assert loop.turns.run(loop.work("short", 1))
    assert loop.done[before:] == ["short"]


def test_one_that_fails_is_logged_and_keeps_no_other_from_going_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing() -> Steps[None]:
        yield
        yield
        raise RuntimeError("a fault of ours")

    loop = Loop()
    loop.turns.run(loop.work("a", 9, seconds=1))
    loop.turns.run(failing())
    while loop.soon:
        loop.turn()
    assert loop.done == ["a"] * 9
    assert "a fault of ours" in caplog.text


def test_what_is_closed_is_not_gone_on_with() -> None:
    loop = Loop()
    work = loop.work("a", 9, seconds=1)
    loop.turns.run(work)
    work.close()  # type: ignore[attr-defined]
    done = len(loop.done)
    while loop.soon:
        loop.turn()
    assert len(loop.done) == done


@given(st.lists(st.integers(0, 20), max_size=8))
def test_all_of_it_is_done_each_in_its_order(sizes: list[int]) -> None:
    loop = Loop()

    def count(number: int, size: int) -> Steps[int]:
        for step in range(size):
            loop.now += 0.3
            loop.done.append(f"{number}:{step}")
            yield
        return size

    for number, size in enumerate(sizes):
        loop.turns.run(count(number, size))
    while loop.soon:
        loop.turn()
    for number, size in enumerate(sizes):
        mine = [each for each in loop.done if each.startswith(f"{number}:")]
        assert mine == [f"{number}:{step}" for step in range(size)]
        assert at_once(count(number, size)) == size
