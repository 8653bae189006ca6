"""The model of a screen keeps the rules that the front end's store keeps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.screen import Screen


def item(number: int, modseq: int, **marks: str) -> dict[str, Any]:
    blank = {"read_at": None, "archived_at": None, "deleted_at": None}
    url = f"/post/?id=tea#comment-c{number}"
    return {"id": number, "modseq": modseq, "title": "", "url": url, **blank, **marks}


def answer(items: list[dict[str, Any]], modseq: int, **more: Any) -> dict[str, Any]:
    counts = {"unread": sum(each["read_at"] is None for each in items), "unseen": 0}
    return {"items": items, "modseq": modseq, "counts": counts, "more": False, **more}


def push(since: int, *items: dict[str, Any]) -> dict[str, Any]:
    return answer(list(items), items[-1]["modseq"], since=since)


@pytest.fixture
def screen() -> Screen:
    """Shows item 1, and holds the log up to number 1."""
    screen = Screen()
    page = {"results": [item(1, 1)], "modseq": 1, "counts": {"unread": 1, "unseen": 1}}
    screen.begin(page, [], asked=screen.doubts)
    return screen


def shown(screen: Screen) -> list[int]:
    return [each["id"] for each in screen.listed()]


def test_a_push_that_follows_is_shown_at_once(screen: Screen) -> None:
    screen.hear(push(1, item(2, 2)))
    assert shown(screen) == [2, 1]
    assert not screen.has_gap()


def test_a_push_beyond_a_gap_leaves_something_to_ask(screen: Screen) -> None:
    screen.hear(push(2, item(3, 3)))
    assert screen.has_gap()
    screen.catch_up(answer([item(2, 2), item(3, 3)], 3), asked=screen.doubts)
    assert shown(screen) == [3, 2, 1]
    assert not screen.has_gap()


def test_what_was_deleted_does_not_come_back_by_a_late_push(screen: Screen) -> None:
    screen.hear(push(1, item(2, 2)))
    screen.hear(push(2, item(2, 3, deleted_at="now")))
    screen.hear(push(1, item(2, 2)))
    assert shown(screen) == [1]
    assert [display.comment for display in screen.displays] == ["c1", "c2"]


def test_a_push_before_the_first_page_is_a_reason_to_ask() -> None:
    screen = Screen()
    screen.hear(push(0, item(1, 1)))
    page = {"results": [], "modseq": 0, "counts": {"unread": 0, "unseen": 0}}
    screen.begin(page, [], asked=screen.doubts - 1)
    assert screen.doubted()


def test_the_same_comment_under_two_ids_is_displayed_twice(screen: Screen) -> None:
    screen.hear(push(1, item(2, 2) | {"url": item(1, 1)["url"]}))
    assert [display.comment for display in screen.displays] == ["c1", "c1"]


LOG = [item(1 + number % 4, 2 + number, read_at=f"at {number}") for number in range(12)]


@given(
    st.lists(st.tuples(st.integers(0, len(LOG) - 1), st.integers(1, 3), st.booleans()), max_size=30)
)
def test_any_order_loss_and_repetition_of_pushes_leads_to_the_same_list(
    told: list[tuple[int, int, bool]],
) -> None:
    screen = Screen()
    page = {"results": [item(1, 1)], "modseq": 1, "counts": {"unread": 1, "unseen": 1}}
    screen.begin(page, [], asked=screen.doubts)
    for first, length, asks in told:
        stretch = LOG[first : first + length]
        screen.hear(push(stretch[0]["modseq"] - 1, *stretch))
        if asks:
            known = screen.held
            missed = [each for each in LOG if known < each["modseq"] <= stretch[-1]["modseq"]]
            top = max(known, stretch[-1]["modseq"])
            screen.catch_up(answer(missed, top), asked=screen.doubts)
    screen.doubt()
    missed = [each for each in LOG if each["modseq"] > screen.held]
    screen.catch_up(answer(missed, LOG[-1]["modseq"]), asked=screen.doubts)
    last = {each["id"]: each for each in LOG}
    assert screen.listed() == sorted(last.values(), key=lambda each: -each["id"])
    assert not screen.has_gap()
    assert not screen.doubted()
    ids = [display.id for display in screen.displays]
    assert len(ids) == len(set(ids))
