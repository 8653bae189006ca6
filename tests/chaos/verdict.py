"""The comparison: what was written, what the database holds, and what every screen showed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import median

from tests.chaos.screen import Display, Item, comment_of
from tests.chaos.truth import Comment, Row, Truth
from tests.chaos.writers import Attempt, Change, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one device showed.

    Attributes:
        displays: Of each of its screens, in the order of time.
        listed: What it shows in the end, from the top.
        unread: What its badge says.
        steady: Whether it was on all the time.
        toasts: What it announced, if it announces anything.
    """

    person: str
    displays: Sequence[Sequence[Display]]
    listed: Sequence[Item]
    unread: int
    steady: bool
    toasts: Sequence[Display] = ()


@dataclass(slots=True, kw_only=True)
class Verdict:
    """The figures. Each fault is a sentence; there must be none."""

    committed: int = 0
    rolled_back: int = 0
    withdrawn: int = 0
    amended: int = 0
    unknown: int = 0
    shown: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    filled_in: int = 0
    """Displays below a newer item: its push came first, or its transaction took longer."""
    seconds_to_screen: list[float] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every guarantee was kept."""
        return not any((self.lost, self.twice, self.phantom, self.disordered, self.differing))

    @property
    def median(self) -> float:
        return median(self.seconds_to_screen) if self.seconds_to_screen else 0.0

    @property
    def slow(self) -> float:
        """What one in a hundred took longer than."""
        seconds = sorted(self.seconds_to_screen)
        return seconds[len(seconds) * 99 // 100] if seconds else 0.0

    @property
    def longest(self) -> float:
        return max(self.seconds_to_screen, default=0.0)


def judge(
    truth: Truth, attempts: Iterable[Attempt], changes: Sequence[Change], seen: Sequence[Seen]
) -> Verdict:
    """Return the verdict on a run that has come to rest."""
    attempts = list(attempts)
    expected = {(each.owner, each.id): each for each in truth.comments if not each.own}
    told = expected.keys() - _withdrawn(expected, changes)
    appeared = {
        (device.person, display.comment)
        for device in seen
        for screen in device.displays
        for display in screen
    }
    return Verdict(
        committed=len(told),
        rolled_back=sum(each.outcome is Outcome.ROLLED_BACK for each in attempts),
        withdrawn=sum(each.kind == "withdraw" and not each.undone for each in changes),
        amended=sum(each.kind == "amend" and not each.undone for each in changes),
        unknown=sum(each.outcome is Outcome.UNKNOWN for each in attempts),
        shown=len(appeared & told),
        lost=[
            *_lost_writes(truth, attempts),
            *_lost_corrections(truth, changes),
            *_lost(truth, expected, seen),
        ],
        twice=[*_written_twice(truth), *_shown_twice(seen)],
        phantom=[
            *_never_committed(truth, attempts),
            *_never_corrected(truth, changes),
            *_taken_back(truth, changes),
            *_phantoms(truth, expected, appeared, seen),
        ],
        disordered=[*_numbered_out_of_order(truth, attempts), *_listed_out_of_order(truth, seen)],
        differing=list(_differing(truth, seen)),
        filled_in=sum(_filled_in(screen) for device in seen for screen in device.displays),
        seconds_to_screen=list(_seconds(expected, seen)),
    )


def _withdrawn(
    expected: Mapping[tuple[str, str], Comment], changes: Iterable[Change]
) -> set[tuple[str, str]]:
    """Return those that were taken back, whether or not they had been shown by then."""
    texts = {each.text for each in changes if each.kind == "withdraw" and not each.undone}
    return {key for key, comment in expected.items() if comment.written in texts}


def unsettled(truth: Truth, seen: Sequence[Seen]) -> bool:
    """Return whether some screen does not show yet what the database holds."""
    return any(_shows(device) != truth.lists.get(device.person, []) for device in seen) or any(
        _differing(truth, seen)
    )


def _shows(device: Seen) -> list[Row]:
    return [
        Row(item["id"], comment_of(item), item["modseq"], item["read_at"] is not None, item["body"])
        for item in device.listed
    ]


def _lost_writes(truth: Truth, attempts: Iterable[Attempt]) -> Iterator[str]:
    texts = {comment.written for comment in truth.comments}
    for attempt in attempts:
        if attempt.outcome is Outcome.COMMITTED and attempt.text not in texts:
            yield f"{attempt.text!r} was acknowledged, and is not in the database"


def _lost_corrections(truth: Truth, changes: Iterable[Change]) -> Iterator[str]:
    corrected = {comment.written for comment in truth.comments if comment.is_corrected}
    for change in changes:
        if change.kind == "amend" and not change.undone and change.text not in corrected:
            yield f"the correction of {change.text!r} was acknowledged, and is not in the database"


def _never_corrected(truth: Truth, changes: Iterable[Change]) -> Iterator[str]:
    corrected = {comment.written for comment in truth.comments if comment.is_corrected}
    for change in changes:
        if change.kind == "amend" and change.undone and change.text in corrected:
            yield f"the correction of {change.text!r} was rolled back, and is in the database"


def _taken_back(truth: Truth, changes: Iterable[Change]) -> Iterator[str]:
    ids = {comment.written: comment.id for comment in truth.comments}
    listed = {row.comment for rows in truth.lists.values() for row in rows}
    for change in changes:
        if change.kind == "withdraw" and not change.undone and ids.get(change.text) in listed:
            yield f"what told of {change.text!r} was taken back, and still stands in a list"


def _lost(
    truth: Truth, expected: Mapping[tuple[str, str], Comment], seen: Iterable[Seen]
) -> Iterator[str]:
    for owner, comment in expected:
        if (owner, comment) not in truth.notified:
            yield f"nobody was told of comment {comment}"
    missing: dict[int, list[str]] = {}
    for device in seen:
        shown = {item["id"] for item in device.listed}
        for row in truth.lists.get(device.person, []):
            if row.id not in shown:
                missing.setdefault(row.id, []).append(device.person)
    for pk, people in missing.items():
        yield f"notification {pk} is missing on {len(people)} of {people[0]}'s screens"


def _written_twice(truth: Truth) -> Iterator[str]:
    for (owner, comment), ids in truth.notified.items():
        if len(ids) > 1:
            yield f"{owner} has {len(ids)} notifications of comment {comment}: {ids}"


def _shown_twice(seen: Iterable[Seen]) -> Iterator[str]:
    for device in seen:
        for screen in (*device.displays, device.toasts):
            for comment, times in Counter(display.comment for display in screen).items():
                if times > 1:
                    yield f"a screen of {device.person} showed comment {comment} {times} times"


def _never_committed(truth: Truth, attempts: Iterable[Attempt]) -> Iterator[str]:
    undone = {each.text for each in attempts if each.outcome is Outcome.ROLLED_BACK}
    for comment in truth.comments:
        if comment.written in undone:
            yield f"{comment.text!r} was rolled back, and is in the database"


def _phantoms(
    truth: Truth,
    expected: Mapping[tuple[str, str], Comment],
    appeared: set[tuple[str, str]],
    seen: Iterable[Seen],
) -> Iterator[str]:
    for owner, comment in appeared - expected.keys():
        yield f"{owner} was shown {comment}, of which there was nothing to tell"
    for owner, comment in truth.notified.keys() - expected.keys() - appeared:
        yield f"{owner} has a notification of {comment}, of which there was nothing to tell"
    for device in seen:
        real = {row.id for row in truth.lists.get(device.person, [])}
        for item in device.listed:
            if item["id"] not in real:
                yield f"notification {item['id']} is on a screen of {device.person}, and gone"


def _numbered_out_of_order(truth: Truth, attempts: Iterable[Attempt]) -> Iterator[str]:
    """Yield whose notification stands below one whose comment was begun after its own was saved."""
    known = {each.text: each for each in attempts if each.outcome is Outcome.COMMITTED}
    by_owner: dict[str, list[tuple[int, Attempt]]] = {}
    for comment in truth.comments:
        ids = truth.notified.get((comment.owner, comment.id))
        if ids and comment.written in known:
            by_owner.setdefault(comment.owner, []).append((ids[0], known[comment.written]))
    for owner, rows in by_owner.items():
        latest_begin = (0.0, "")
        for _, attempt in sorted(rows, key=lambda row: row[0]):
            if attempt.ended < latest_begin[0]:
                yield f"for {owner}, {attempt.text!r} comes after {latest_begin[1]!r}"
            latest_begin = max(latest_begin, (attempt.began, attempt.text))


def _listed_out_of_order(truth: Truth, seen: Iterable[Seen]) -> Iterator[str]:
    for device in seen:
        places = {row.id: n for n, row in enumerate(truth.lists.get(device.person, []))}
        order = [places[item["id"]] for item in device.listed if item["id"] in places]
        if order != sorted(order):
            yield f"a screen of {device.person} shows its list in another order"


def _differing(truth: Truth, seen: Iterable[Seen]) -> Iterator[str]:
    """Yield where the same item, or the number of unread ones, is another on the screen."""
    for device in seen:
        rows = {row.id: row for row in truth.lists.get(device.person, [])}
        for shown in _shows(device):
            row = rows.get(shown.id, shown)
            if shown != row:
                yield f"{device.person}'s screen has {shown}, the database {row}"
        unread = min(100, sum(not row.read for row in rows.values()))
        if device.unread != unread:
            yield f"{device.person}'s badge says {device.unread}, the database {unread}"


def _filled_in(screen: Sequence[Display]) -> int:
    newest = accumulate((display.id for display in screen), max)
    return sum(display.id < top for display, top in zip(screen, newest, strict=True))


def _seconds(expected: Mapping[tuple[str, str], Comment], seen: Iterable[Seen]) -> Iterator[float]:
    """Yield the time from each commit to each screen that was on all along."""
    for device in seen:
        if device.steady:
            for screen in device.displays:
                for display in screen:
                    comment = expected.get((device.person, display.comment))
                    if comment and not comment.is_corrected:
                        yield display.at - comment.committed_at
