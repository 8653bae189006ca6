"""The verdict sees every kind of fault, and none where there is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.screen import Display
from tests.chaos.truth import Comment, Row, Truth
from tests.chaos.verdict import Seen, Verdict, judge, unsettled
from tests.chaos.writers import Attempt, Outcome


def row(number: int) -> Row:
    return Row(id=number, comment=f"c{number}", modseq=number, read=False)


def item(number: int) -> dict[str, Any]:
    url = f"/post/?id=tea#comment-c{number}"
    return {"id": number, "modseq": number, "title": "", "url": url, "read_at": None}


def comment(number: int) -> Comment:
    text = f"Comment {number}"
    return Comment(id=f"c{number}", owner="bo", own=False, text=text, committed_at=10.0 * number)


def attempt(number: int) -> Attempt:
    began = 10.0 * number - 1
    return Attempt(f"Comment {number}", began, began + 2, Outcome.COMMITTED)


def display(number: int) -> Display:
    return Display(10.0 * number + 3, number, f"c{number}")


TRUTH = Truth(
    comments=[comment(1), comment(2)],
    lists={"bo": [row(2), row(1)]},
    notified={("bo", "c1"): [1], ("bo", "c2"): [2]},
)
ATTEMPTS = [attempt(1), attempt(2)]
SEEN = Seen(
    person="bo",
    displays=[[display(1), display(2)]],
    listed=[item(2), item(1)],
    unread=2,
    steady=True,
)


def judged(truth: Truth = TRUTH, attempts: list[Attempt] = ATTEMPTS, seen: Seen = SEEN) -> Verdict:
    return judge(truth, attempts, [seen])


def test_a_run_without_faults_holds() -> None:
    verdict = judged()
    assert verdict.holds
    assert (verdict.committed, verdict.shown) == (2, 2)
    assert (verdict.median, verdict.longest) == (3.0, 3.0)
    assert not unsettled(TRUTH, [SEEN])


CASES: dict[str, tuple[str, Callable[[], Verdict]]] = {
    "acknowledged but not saved": (
        "lost",
        lambda: judged(attempts=[*ATTEMPTS, attempt(3)]),
    ),
    "nobody told": (
        "lost",
        lambda: judged(truth=replace(TRUTH, comments=[*TRUTH.comments, comment(3)])),
    ),
    "not on the screen": (
        "lost",
        lambda: judged(seen=replace(SEEN, listed=[item(2)])),
    ),
    "two notifications of one comment": (
        "twice",
        lambda: judged(truth=replace(TRUTH, notified=TRUTH.notified | {("bo", "c2"): [2, 3]})),
    ),
    "displayed again": (
        "twice",
        lambda: judged(seen=replace(SEEN, displays=[[display(1), display(2), display(1)]])),
    ),
    "rolled back but saved": (
        "phantom",
        lambda: judged(attempts=[replace(attempt(1), outcome=Outcome.ROLLED_BACK), attempt(2)]),
    ),
    "displayed but never saved": (
        "phantom",
        lambda: judged(seen=replace(SEEN, displays=[[display(1), display(2), display(3)]])),
    ),
    "told of one's own comment": (
        "phantom",
        lambda: judged(truth=replace(TRUTH, comments=[comment(1), replace(comment(2), own=True)])),
    ),
    "told of another's post": (
        "phantom",
        lambda: judged(seen=replace(SEEN, person="ana", listed=[], unread=0)),
    ),
    "gone but on the screen": (
        "phantom",
        lambda: judged(truth=replace(TRUTH, lists={"bo": [row(2)]})),
    ),
    "begun after it was saved, and numbered before": (
        "disordered",
        lambda: judged(
            truth=replace(TRUTH, notified={("bo", "c1"): [2], ("bo", "c2"): [1]}),
        ),
    ),
    "listed in another order": (
        "disordered",
        lambda: judged(seen=replace(SEEN, listed=[item(1), item(2)])),
    ),
    "read on the screen only": (
        "differing",
        lambda: judged(seen=replace(SEEN, listed=[item(2) | {"read_at": "now"}, item(1)])),
    ),
    "a wrong badge": (
        "differing",
        lambda: judged(seen=replace(SEEN, unread=1)),
    ),
}


@pytest.mark.parametrize(("kind", "judge_it"), CASES.values(), ids=CASES.keys())
def test_a_fault_is_seen(kind: str, judge_it: Callable[[], Verdict]) -> None:
    verdict = judge_it()
    assert getattr(verdict, kind)
    assert not verdict.holds


def test_what_appears_below_a_newer_item_is_counted() -> None:
    filled = replace(SEEN, displays=[[display(2), display(1)]])
    assert judged(seen=filled).filled_in == 1
    assert judged().filled_in == 0


def test_two_that_were_written_at_once_may_come_in_either_order() -> None:
    at_once = replace(attempt(2), began=attempt(1).began)
    truth = replace(TRUTH, notified={("bo", "c1"): [2], ("bo", "c2"): [1]})
    assert not judged(truth=truth, attempts=[attempt(1), at_once]).disordered
