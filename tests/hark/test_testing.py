"""hark.testing, as an application's tests use it."""

from collections.abc import Callable
from typing import Any

import pytest

from hark import notify, withdraw
from hark.testing import captured
from tests.hark.conftest import person
from tests.hark.testapp.models import Remark
from tests.hark.testapp.notifications import Note, Poison


def test_it_shows_what_was_sent_and_to_whom(
    ana: Any, bo: Any, remark: Callable[[], Remark]
) -> None:
    notify(bo, Note(text="before"))
    with captured() as sent:
        remark()
        notify(ana, Note(text="hello"))
        notify(ana, Note(text="wrong"))
        withdraw(Note(text="wrong"))
    notify(bo, Note(text="after"))
    assert sent.titles == ["ana remarked on Tea", "hello"]
    assert sent.types == ["article.remarked", "note"]
    assert [item["title"] for item in sent.to(ana)] == ["hello"]


def test_large_sends_count_as_well(settings: Any, db: None) -> None:
    settings.HARK = {**settings.HARK, "DIRECT_RECIPIENTS": 2}
    people = [person(f"p{number}") for number in range(5)]
    with captured() as sent:
        notify(people, Note(text="all"))
    assert sent.titles == ["all"] * 5


def test_a_type_that_fails_fails_the_test(bo: Any) -> None:
    with pytest.raises(AssertionError, match="this type always fails"), captured():
        notify(bo, Poison())
