"""The verdict sees every kind of fault, and none where there is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.screen import Display
from tests.chaos.truth import CORRECTION, Comment, Row, Truth
from tests.chaos.verdict import Seen, Verdict, judge, unsettled
from tests.chaos.writers import Attempt, Change, Outcome


def row(number: int) -> Row:
    return Row(id=number, comment=f"c{number}", modseq=number, read=False, text=f"Comment {number}")


def item(number: int) -> dict[str, Any]:
    url = f"/post/?id=tea#comment-c{number}"
    shown = {"title": "", "body": f"Comment {number}", "url": url, "read_at": None}
    return {"id": number, "modseq": number, **shown}


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


def judged(
    truth: Truth = TRUTH,
    attempts: list[Attempt] = ATTEMPTS,
    changes: tuple[Change, ...] = (),
    seen: Seen = SEEN,
) -> Verdict:
    return judge(truth, attempts, changes, [seen])


def change(number: int, kind: str, *, undone: bool = False) -> Change:
    return Change(f"Comment {number}", kind, undone)


def corrected(truth: Truth) -> Truth:
    """Return it with the second comment corrected, wherever it stands."""
    first, second = truth.comments
    text = second.text + CORRECTION
    rows = [replace(row(2), text=text), row(1)]
    comments = [first, replace(second, text=text, committed_at=1000.0)]
    return replace(truth, comments=comments, lists={"bo": rows})


def test_a_run_without_faults_holds() -> None:
    verdict = judged()
    assert verdict.holds
    assert (verdict.committed, verdict.shown) == (2, 2)
    assert (verdict.median, verdict.slow, verdict.longest) == (3.0, 3.0, 3.0)
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
    "taken back and still listed": (
        "phantom",
        lambda: judged(changes=(change(2, "withdraw"),)),
    ),
    "corrected and the correction lost": (
        "lost",
        lambda: judged(changes=(change(2, "amend"),)),
    ),
    "a correction that was rolled back": (
        "phantom",
        lambda: judged(truth=corrected(TRUTH), changes=(change(2, "amend", undone=True),)),
    ),
    "corrected in the database only": (
        "differing",
        lambda: judged(truth=corrected(TRUTH), changes=(change(2, "amend"),)),
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


def test_what_is_taken_back_and_corrected_everywhere_is_well() -> None:
    truth = corrected(TRUTH)
    listed = [item(2) | {"body": "Comment 2" + CORRECTION}]
    gone = replace(truth, lists={"bo": truth.lists["bo"][:1]})
    changes = (change(1, "withdraw"), change(2, "amend"), change(2, "withdraw", undone=True))
    verdict = judged(gone, changes=changes, seen=replace(SEEN, listed=listed, unread=1))
    assert verdict.holds
    assert (verdict.withdrawn, verdict.amended) == (1, 1)
    assert (verdict.committed, verdict.shown) == (1, 1)
    assert verdict.longest == 3.0, "a corrected comment no longer says when it was written"


def test_what_appears_below_a_newer_item_is_counted() -> None:
    filled = replace(SEEN, displays=[[display(2), display(1)]])
    assert judged(seen=filled).filled_in == 1
    assert judged().filled_in == 0


def test_two_that_were_written_at_once_may_come_in_either_order() -> None:
    at_once = replace(attempt(2), began=attempt(1).began)
    truth = replace(TRUTH, notified={("bo", "c1"): [2], ("bo", "c2"): [1]})
    assert not judged(truth=truth, attempts=[attempt(1), at_once]).disordered
