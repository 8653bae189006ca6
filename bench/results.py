"""What a case finds: rows of figures, each beside its yardstick, and the targets they met."""

import enum
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


class Role(enum.StrEnum):
    OURS = "ours"
    YARDSTICK = "yardstick"
    PEER = "peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subject in one setting, measured several times.

    Args:
        subject: What was measured.
        setting: What sets it apart from the subject's other rows, such as "1,000 subscribers".
        values: One figure per round, in the table's unit; empty if it could not be measured.
        proof: What was checked to have arrived.
        note: Why there are no figures, or what to know of them.
    """

    subject: str
    role: Role
    setting: str = ""
    values: tuple[float, ...] = ()
    proof: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def times(self, yardstick: "Row") -> float:
        """Return how many times the figure of `yardstick` this row's is.

        That is the median of the ratios within each round: what else the machine did in that
        second met both. Without as many rounds it is the ratio of the medians.
        """
        if len(self.values) != len(yardstick.values):
            return self.median / yardstick.median
        rounds = zip(self.values, yardstick.values, strict=True)
        return statistics.median(ours / theirs for ours, theirs in rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a case must reach, and what it did."""

    text: str
    found: str
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answer to one question.

    Args:
        case: The name it is run by.
        question: What is asked, as a sentence.
        unit: Of every value in `rows`.
        more_is_better: True for rates.
        machine: From `describe_machine`.
        taken_at: The date of the run, ISO 8601.
    """

    case: str
    question: str
    unit: str
    rows: Sequence[Row]
    targets: Sequence[Target] = ()
    remarks: Sequence[str] = ()
    more_is_better: bool = False
    machine: dict[str, str] = field(default_factory=dict)
    taken_at: str = ""

    @property
    def settings(self) -> list[str]:
        return list(dict.fromkeys(row.setting for row in self.rows))

    def yardstick(self, setting: str) -> Row | None:
        """Return the first measured yardstick of `setting`."""
        found = (
            row
            for row in self.rows
            if row.setting == setting and row.role is Role.YARDSTICK and row.values
        )
        return next(found, None)

    def save(self) -> None:
        """Write the results file of this case."""
        FOLDER.mkdir(exist_ok=True)
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (FOLDER / f"{self.case}.json").write_text(text + "\n")


def load_table(case: str) -> Table | None:
    """Return what the last full run of `case` found; None if there was none."""
    file = FOLDER / f"{case}.json"
    if not file.exists():
        return None
    kept: dict[str, Any] = json.loads(file.read_text())
    kept["rows"] = [_row_from(row) for row in kept["rows"]]
    kept["targets"] = [Target(**target) for target in kept["targets"]]
    return Table(**kept)


def _row_from(kept: dict[str, Any]) -> Row:
    return Row(**{**kept, "role": Role(kept["role"]), "values": tuple(kept["values"])})


def label(row: Row) -> str:
    return f"{row.subject}, {row.setting}" if row.setting else row.subject


def at_most(limit: float, row: Row, *, unit: str, tail: str = "") -> Target:
    """Return whether the median of `row` is at most `limit`."""
    found = f"{row.median:,.2f} {unit}"
    text = f"{label(row)}: ≤ {limit:,g} {unit}{tail}"
    return Target(text=text, found=found, reached=row.median <= limit)


def at_least(limit: float, row: Row, *, unit: str) -> Target:
    """Return whether the median of `row` is at least `limit`."""
    found = f"{row.median:,.0f} {unit}"
    text = f"{label(row)}: ≥ {limit:,g} {unit}"
    return Target(text=text, found=found, reached=row.median >= limit)


def at_most_times(limit: float, row: Row, yardstick: Row) -> Target:
    """Return whether `row` is at most `limit` times its yardstick, by `Row.times`."""
    ratio = row.times(yardstick)
    text = f"{label(row)}: ≤ {limit:g} times the {yardstick.subject}"
    return Target(text=text, found=f"{ratio:.3f} times", reached=ratio <= limit)


def at_least_times(limit: float, row: Row, yardstick: Row) -> Target:
    """Return whether `row` is at least `limit` times its yardstick, by `Row.times`."""
    ratio = row.times(yardstick)
    text = f"{label(row)}: ≥ {limit:g} times that of {label(yardstick)}"
    return Target(text=text, found=f"{ratio:.2f} times", reached=ratio >= limit)
