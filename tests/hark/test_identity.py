"""What `withdraw` and `amend` take for the same notification: one whose facts are equal."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hark import amend, facts, notify, withdraw
from hark.models import Notification
from tests.hark.test_properties import values
from tests.hark.testapp.models import Article, Day, Line, Photo, Pinned, Price, Remark, Token
from tests.hark.testapp.notifications import Note, Remarked

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2030, 5, 1, 12, tzinfo=BERLIN)
EAST = timezone(timedelta(hours=14))
ID = uuid.UUID("6f1d3c1e-7d0d-4f6c-9d2b-2f0f7b1f5a11")


class Color(str, Enum):  # noqa: UP042 (a StrEnum says its value already)
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def identity(value: Any) -> uuid.UUID:
    return facts.identity("note", facts.dump(Note(text="", extra={"x": value}), unsaved=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(NOON, NOON.astimezone(UTC), id="a moment in two zones"),
        pytest.param(NOON, datetime.fromisoformat(NOON.isoformat()), id="a zone by its offset"),
        pytest.param(
            datetime.min.replace(tzinfo=EAST), datetime.min.replace(tzinfo=EAST), id="before year 1"
        ),
        pytest.param(
            time(12, tzinfo=EAST), time(0, tzinfo=timezone(timedelta(hours=2))), id="time"
        ),
        pytest.param(Decimal(5), Decimal("5.00"), id="decimals"),
        pytest.param(Decimal("5E+1"), Decimal(50), id="a decimal's exponent"),
        pytest.param(Decimal("1E+999999"), Decimal("10E+999998"), id="a huge decimal"),
        pytest.param(Decimal("0.5"), 0.5, id="decimal and float"),
        pytest.param(Decimal("-0.0"), 0, id="decimal, minus zero"),
        pytest.param(-0.0, 0.0, id="minus zero"),
        pytest.param(1, 1.0, id="a whole float"),
        pytest.param(10**22, 1e22, id="a large float"),
        pytest.param(True, 1, id="bool and number"),
        pytest.param(Color.RED, "red", id="an Enum of texts"),
        pytest.param(Level.HIGH, 3, id="an Enum of numbers"),
        pytest.param(ID, uuid.UUID(f"urn:uuid:{str(ID).upper()}"), id="UUIDs"),
        pytest.param(timedelta(hours=1), timedelta(minutes=60), id="spans"),
        pytest.param({"a": 1, "b": [2.0]}, {"b": [2], "a": True}, id="deep"),
        pytest.param(Article(pk=7), Article(pk="7"), id="a key given as text"),
        pytest.param(Token(pk=ID), Token(pk=str(ID).upper()), id="a UUID key given as text"),
        pytest.param(Price(pk=Decimal(5)), Price(pk=Decimal("5.00")), id="decimal keys"),
        pytest.param(Day(pk=NOON), Day(pk=NOON.astimezone(UTC)), id="moments as keys"),
        pytest.param(Line(order=1, number=2), Line(order="1", number="2"), id="composite keys"),
        pytest.param(Pinned(pk=7), Remark(pk=7), id="proxy"),
        pytest.param(Photo(pk=7), Remark(pk=7), id="multi-table child"),
    ],
)
def test_equal_facts_are_the_same(one: Any, other: Any) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(NOON, NOON.replace(tzinfo=UTC), id="another moment"),
        pytest.param(NOON, NOON.replace(tzinfo=None), id="a moment and none"),
        pytest.param(datetime(2030, 5, 1), date(2030, 5, 1), id="midnight and day"),  # noqa: DTZ001
        pytest.param(Decimal("0.1"), 0.1, id="a tenth and nearly one"),
        pytest.param(10**22, 10**22 + 1, id="large numbers"),
        pytest.param(5, "5", id="number and text"),
        pytest.param(ID, str(ID), id="UUID and text"),
        pytest.param(-1, 1, id="signs"),
        pytest.param(10, 1, id="zeros"),
        pytest.param(None, False, id="nothing and no"),
        pytest.param("\u00e9", "e\u0301", id="é in two Unicode spellings"),
        pytest.param(Article(pk=7), Remark(pk=7), id="models"),
        pytest.param(Line(order=1, number=2), Line(order=12, number=0), id="composite keys"),
    ],
)
def test_others_are_others(one: Any, other: Any) -> None:
    assert identity(one) != identity(other)


@given(values, values)
def test_identity_follows_equality(one: Any, other: Any) -> None:
    assert (identity(one) == identity(other)) == (one == other)


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_is_the_same_as_decimal(number: float) -> None:
    assume(abs(number) < 10**4000)
    assert identity(number) == identity(Decimal(number))


def alive() -> list[Any]:
    return list(Notification.objects.filter(deleted_at=None).values_list("params", flat=True))


def test_what_was_read_again_from_the_database_withdraws_what_was_sent(bo: Any) -> None:
    Price.objects.create(amount=Decimal(5))
    Day.objects.create(start=NOON)
    for one, again in (
        (Price(amount=Decimal(5)).amount, Price.objects.get().amount),
        (NOON, Day.objects.get().start),
    ):
        notify(bo, Note(text="x", extra={"of": one}))
        amend(Note(text="x", extra={"of": again}), Note(text="y", extra={"of": again}))
        withdraw(Note(text="y", extra={"of": one}))
        assert alive() == []


@pytest.mark.parametrize(
    "name_it",
    [
        pytest.param(lambda pk: Pinned.objects.get(pk=pk), id="proxy"),
        pytest.param(lambda pk: Remark.objects.only("pk").get(pk=pk), id="deferred"),
        pytest.param(lambda pk: Remark(pk=pk), id="by its key alone"),
    ],
)
def test_a_subject_may_be_named_by_whatever_is_the_same_row(
    remark: Callable[[], Remark], name_it: Callable[[int], Remark]
) -> None:
    made = remark()
    assert len(alive()) == 1
    withdraw(Remarked(remark=name_it(made.pk)))
    assert alive() == []
