"""notify(): who is told, what is stored, and what is refused before anything is written."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection, transaction
from django.db.models import Count
from django.utils.functional import SimpleLazyObject

from hark import NotificationType, facts, notify
from hark.exceptions import (
    BadKey,
    BadType,
    HarkError,
    NotARecipient,
    NotRegistered,
    NotSerializable,
    TooLarge,
)
from hark.models import Notification
from tests.hark.conftest import nested, person
from tests.hark.testapp.models import Article, Day, Line, Member, Page, Price, Remark, Staff, Token
from tests.hark.testapp.notifications import Note, Remarked

BERLIN = ZoneInfo("Europe/Berlin")


def told() -> list[str]:
    names = Notification.objects.order_by("id").values_list("user__username", flat=True)
    return list(names)


def everybody() -> Any:
    return get_user_model()._default_manager.all()


def two() -> Any:
    return everybody().exclude(username="cy")


def repeated() -> Any:
    """Return Ana and Bo, each once for each group that they are in."""
    for name in ("one", "other"):
        Group.objects.create(name=name).user_set.set(two())
    return two().filter(groups__name__in=["one", "other"])


def lazily(user: Any) -> Any:
    """Return a user as `request.user` is one."""
    return SimpleLazyObject(lambda: user)


def nobody() -> Any:
    return everybody().none()


def test_one_user_takes_one_query(bo: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        notify(bo, Note(text="hello"))
    assert told() == ["bo"]


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(lambda ana, bo: [ana, bo], id="list"),
        pytest.param(lambda ana, bo: iter([ana, bo]), id="iterator"),
        pytest.param(lambda ana, bo: [ana, bo, ana], id="named twice"),
        pytest.param(lambda ana, bo: two().order_by("username"), id="queryset"),
        pytest.param(lambda ana, bo: two()[:2], id="slice"),
        pytest.param(lambda ana, bo: two().filter(groups=None) | nobody(), id="joined"),
        pytest.param(lambda ana, bo: two().filter(pk=ana.pk).union(two()), id="union"),
        pytest.param(lambda ana, bo: two().union(two(), all=True), id="union all"),
        pytest.param(
            lambda ana, bo: everybody().difference(everybody().filter(username="cy")),
            id="difference",
        ),
        pytest.param(lambda ana, bo: everybody().intersection(two()), id="intersection"),
        pytest.param(
            lambda ana, bo: two().union(nobody()).order_by("username")[:2], id="cut union"
        ),
        pytest.param(lambda ana, bo: two().select_for_update(), id="select_for_update"),
        pytest.param(
            lambda ana, bo: two().select_for_update(of=("self",)), id="select_for_update of"
        ),
        pytest.param(lambda ana, bo: two().order_by("?"), id="in any order"),
        pytest.param(lambda ana, bo: everybody().order_by("-username")[1:], id="slice from"),
        pytest.param(lambda ana, bo: two().reverse()[0:9], id="slice of a join"),
        pytest.param(lambda ana, bo: repeated().order_by("username")[:4], id="slice with repeats"),
        pytest.param(lambda ana, bo: repeated(), id="repeats"),
        pytest.param(lambda ana, bo: two().annotate(n=Count("groups")).filter(n=0), id="aggregate"),
        pytest.param(
            lambda ana, bo: two().extra(where=["username <> %s"], params=["cy"], select={"x": "1"}),
            id="extra",
        ),
        pytest.param(lambda ana, bo: two().only("username"), id="only"),
        pytest.param(lambda ana, bo: two().defer("password"), id="defer"),
        pytest.param(lambda ana, bo: two().prefetch_related("groups"), id="prefetch"),
        pytest.param(lambda ana, bo: two().prefetch_related("groups")[:5], id="slice, prefetch"),
        pytest.param(lambda ana, bo: two().select_related(None), id="select_related"),
        pytest.param(
            lambda ana, bo: get_user_model().objects.raw(
                "SELECT * FROM accounts_user WHERE username <> 'cy'"
            ),
            id="raw",
        ),
        pytest.param(lambda ana, bo: (user for user in two()), id="generator"),
        pytest.param(lambda ana, bo: {ana: 1, bo: 2}, id="keys of a dict"),
        pytest.param(lambda ana, bo: map(lazily, (ana, bo)), id="lazy"),
        pytest.param(lambda ana, bo: Staff.objects.exclude(username="cy"), id="proxies"),
        pytest.param(
            lambda ana, bo: [Staff.objects.get(pk=bo.pk), bo, ana], id="a proxy and a user"
        ),
    ],
)
def test_each_recipient_is_told_once(ana: Any, bo: Any, recipients: Callable[..., Any]) -> None:
    person("cy")
    with transaction.atomic():
        notify(recipients(ana, bo), Note(text="hello"))
    assert sorted(told()) == ["ana", "bo"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it knows no DISTINCT ON")
def test_of_those_alike_only_whom_distinct_keeps_is_told(ana: Any, bo: Any) -> None:
    alike = everybody().distinct("is_active")
    notify(alike.order_by("is_active", "-username"), Note(text="hello"))
    notify(alike.order_by("is_active", "username")[:1], Note(text="hello"))
    assert told() == ["bo", "ana"]


def test_a_queryset_that_was_looked_at_means_whom_it_held(ana: Any, bo: Any) -> None:
    active = everybody().filter(is_active=True)
    assert len(active) == 2
    everybody().update(is_active=False)
    person("cy")
    notify(active, Note(text="hello"))
    assert sorted(told()) == ["ana", "bo"]


def test_a_child_is_told_by_the_key_of_the_user_that_it_is(ana: Any, bo: Any) -> None:
    member = Member.objects.create(username="cy", email="cy@example.org")
    notify(member, Note(text="hello"))
    notify(Member.objects.all(), Note(text="hello"))
    notify(Member.objects.all()[:1], Note(text="hello"))
    with mock.patch.object(Note, "actor", return_value=member):
        notify([member, bo], Note(text="hello"))
    assert told() == ["cy", "cy", "cy", "bo"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it takes 999 values in a statement")
def test_a_thousand_recipients_take_one_statement(bo: Any, django_assert_num_queries: Any) -> None:
    user_model = get_user_model()
    user_model.objects.bulk_create(
        [user_model(username=f"u{n}", email=f"u{n}@example.org") for n in range(999)]
    )
    with django_assert_num_queries(2):  # read the recipients, write their rows
        notify(user_model.objects.all(), Note(text="hello"))
    assert Notification.objects.count() == 1000


@pytest.mark.parametrize("recipients", [[], iter(()), nobody])
def test_telling_nobody_writes_nothing(db: None, recipients: Any) -> None:
    notify(recipients() if callable(recipients) else recipients, Note(text="hello"))
    assert told() == []


def test_whoever_did_it_is_not_told(ana: Any, bo: Any, tea: Article) -> None:
    Remark.objects.create(article=tea, author=bo, text="mine")
    assert told() == []
    remark = Remark.objects.create(article=tea, author=ana, text="hers")
    notify([ana, bo], Remarked(remark=remark))
    assert told() == ["bo", "bo"]


def test_whoever_did_it_is_told_if_the_type_says_so(
    ana: Any, remark: Callable[[], Remark], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Remarked, "tells_actor", True)
    notify(ana, Remarked(remark=remark()))
    assert told() == ["bo", "ana"]


def test_rolled_back_means_never_sent(bo: Any) -> None:
    with transaction.atomic():
        notify(bo, Note(text="hello"))
        transaction.set_rollback(True)
    assert told() == []


def test_a_key_reaches_each_recipient_once(ana: Any, bo: Any) -> None:
    notify(bo, Note(text="shipped"), key="order-17")
    notify([ana, bo], Note(text="shipped"), key="order-17")
    notify(bo, Note(text="shipped"), key="order-18")
    notify(bo, Note(text="shipped"))
    notify(bo, Note(text="shipped"))
    assert sorted(told()) == ["ana", "bo", "bo", "bo", "bo"]


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(None, id="None"),
        pytest.param("ana", id="text"),
        pytest.param(7, id="a number"),
        pytest.param(AnonymousUser(), id="nobody signed in"),
        pytest.param([AnonymousUser()], id="nobody signed in, in a list"),
        pytest.param(get_user_model()(username="new"), id="an unsaved user"),
        pytest.param(Article.objects.none(), id="another model's queryset"),
        pytest.param(
            everybody().union(Article.objects.all()), id="another model's rows in a union"
        ),
        pytest.param(everybody().values("pk"), id="values()"),
        pytest.param(everybody().values_list("pk", flat=True), id="values_list()"),
        pytest.param(everybody().values("is_active").annotate(Count("pk")), id="groups of users"),
        pytest.param(everybody().dates("date_joined", "day"), id="dates()"),
        pytest.param(get_user_model().objects, id="a manager"),
    ],
)
def test_only_users_can_be_told(bo: Any, recipients: Any) -> None:
    with pytest.raises(NotARecipient, match="saved users"):
        notify(recipients, Note(text="hello"))
    with pytest.raises(NotARecipient):
        notify([bo, recipients], Note(text="hello"))
    assert told() == []


def test_a_stranger_late_among_very_many_takes_all_of_it_back(settings: Any, bo: Any) -> None:
    settings.HARK = {**settings.HARK, "DIRECT_RECIPIENTS": 2}
    people = [person(f"p{n}") for n in range(5)]

    def recipients() -> Iterator[Any]:
        yield from people
        yield "a stranger"

    with pytest.raises(NotARecipient):
        notify(recipients(), Note(text="hello"))
    assert not Notification.objects.exists()


class Plain(NotificationType):
    def title(self) -> str:
        return "plain"


@dataclass(frozen=True)
class Unnamed(NotificationType):
    text: str

    def title(self) -> str:
        return self.text


class Color(str, Enum):  # noqa: UP042 (a StrEnum says its value already)
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Shade(Enum):
    DARK = "dark"


class Point(NamedTuple):
    x: int


@dataclass(frozen=True)
class Child(Note):
    pass


@pytest.mark.parametrize(
    ("notification", "error"),
    [
        pytest.param(Plain(), NotRegistered, id="no dataclass"),
        pytest.param(Unnamed("x"), NotRegistered, id="no name"),
        pytest.param(Child(text="x"), NotRegistered, id="its parent's name"),
        pytest.param("hello", NotRegistered, id="no notification"),
        pytest.param(Note(text=object()), NotSerializable, id="any object"),
        pytest.param(Note(text={1, 2}), NotSerializable, id="set"),
        pytest.param(Note(text=float("nan")), NotSerializable, id="not a number"),
        pytest.param(Note(text="x", extra={"$model": "a.b"}), NotSerializable, id="dollar key"),
        pytest.param(Note(text="x", extra={1: 2}), NotSerializable, id="number key"),
        pytest.param(Note(text="x", extra={"a": [{"b": b"c"}]}), NotSerializable, id="deep bytes"),
        pytest.param(Note(text=Article(title="new")), NotSerializable, id="unsaved instance"),
        pytest.param(Note(text=Token()), NotSerializable, id="unsaved instance with a key"),
        pytest.param(Note(text=Article(pk=9)), NotSerializable, id="unsaved, its key made up"),
        pytest.param(Note(text="x", extra={"a": [Token()]}), NotSerializable, id="unsaved, deep"),
        pytest.param(Note(text=Shade.DARK), NotSerializable, id="an Enum unlike its value"),
        pytest.param(Note(text=Point(1)), NotSerializable, id="named tuple"),
        pytest.param(Note(text=Decimal("NaN")), NotSerializable, id="Decimal, not a number"),
        pytest.param(Note(text=Decimal("sNaN")), NotSerializable, id="signaling NaN"),
        pytest.param(Note(text=Decimal("-Infinity")), NotSerializable, id="Decimal, infinite"),
        pytest.param(Note(text="a\0b"), NotSerializable, id="NUL"),
        pytest.param(Note(text="x", extra={"\0": 1}), NotSerializable, id="NUL in a key"),
        pytest.param(Note(text="\ud83d"), NotSerializable, id="half a character"),
        pytest.param(Note(text=10**5000), NotSerializable, id="thousands of digits"),
        pytest.param(Note(text="x", extra=nested(101)), NotSerializable, id="nested too deeply"),
        pytest.param(Note(text="x", extra=nested(9999)), NotSerializable, id="nested absurdly"),
        pytest.param(Note(text="x" * 32_768), TooLarge, id="more than 32 KiB"),
        pytest.param(Note(text="语" * 10_923), TooLarge, id="more than 32 KiB of UTF-8"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(
    bo: Any, notification: Any, error: type[HarkError]
) -> None:
    with pytest.raises(error) as raised:
        notify(bo, notification)
    assert len(str(raised.value)) > 20
    assert told() == []


@pytest.mark.parametrize("key", ["k" * 201, "a\0b", "\ud83d", 17])
def test_a_key_that_cannot_be_stored_is_refused(bo: Any, key: Any) -> None:
    with pytest.raises(BadKey, match="200"):
        notify(bo, Note(text="x"), key=key)
    assert told() == []


def test_facts_at_the_limit_are_stored(bo: Any) -> None:
    around = len(b'{"text": "", "extra": {}}')
    notify(bo, Note(text="x" * (32 * 1024 - around)))
    notify(bo, Note(text="语" * ((32 * 1024 - around) // 3)))
    assert told() == ["bo", "bo"]
    with pytest.raises(TooLarge, match="32,769"):
        notify(bo, Note(text="x" * (32 * 1024 - around + 1)))


def test_facts_come_back_as_they_were(tea: Article) -> None:
    extra = {
        "none": None,
        "flags": [True, False],
        "numbers": [1, 1.5, -(2**60)],
        "moment": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        "day": date(2026, 1, 2),
        "span": timedelta(days=1, microseconds=5),
        "id": uuid.UUID(int=7),
        "price": Decimal("1.10"),
        "longest": timedelta.max,
        "shortest": timedelta.min,
        "odd zone": datetime(2026, 1, 2, tzinfo=timezone(timedelta(seconds=-5, microseconds=3))),
        "article": tea,
        "red": Color.RED,
        "high": Level.HIGH,
        Color.RED: "as a key",
    }
    params = facts.dump(Note(text="é\u2028", extra=extra))
    found = facts.fetch(set(facts.references(params)), {})
    loaded = facts.load(params, found)
    assert loaded == {"text": "é\u2028", "extra": extra}
    kinds = {type(loaded["extra"][name]) for name in ("red", "high")}
    assert kinds == {str, int}, "not what only equals them, and would be shown as Color.RED"
    assert {type(key) for key in loaded["extra"]} == {str}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Token, id="UUID"),
        pytest.param(lambda: lazily(Token()), id="lazy, as request.user is"),
        pytest.param(lambda: Price(amount=Decimal(5)), id="a decimal that is stored as 5.00"),
        pytest.param(lambda: Day(start=datetime(2030, 5, 1, tzinfo=BERLIN)), id="a moment"),
        pytest.param(lambda: Line(order=1, number=2), id="composite"),
        pytest.param(lambda: Page(address="/" + "x" * 599), id="600 characters"),
        pytest.param(lambda: Article(pk="7", author=person("cy")), id="a number given as text"),
    ],
)
def test_whatever_key_an_instance_has_it_is_found_again(db: None, make: Callable[[], Any]) -> None:
    made = make()
    made.save(force_insert=True)
    again = made.__class__.objects.get()
    for instance in (made, again):
        params = facts.dump(Note(text=instance))
        assert facts.load(params, facts.fetch(facts.references(params), {}))["text"] == again


@pytest.mark.parametrize("key", [600, 400])
def test_what_it_was_done_to_may_have_a_key_too_long_for_its_column(bo: Any, key: int) -> None:
    page = Page.objects.create(address="x" * key)
    with mock.patch.object(Note, "target", return_value=page), transaction.atomic():
        if key == 600:
            with pytest.raises(TooLarge, match=r"Note.target\(\)"):
                notify(bo, Note(text="x"))
        else:
            notify(bo, Note(text="x"))
        assert Page.objects.count() == 1, "the caller's transaction is as it was"
    assert told() == (["bo"] if key == 400 else [])


@pytest.mark.parametrize("wrong", ["ana", 7, AnonymousUser(), get_user_model()(pk=7)])
def test_only_a_saved_user_can_have_done_it(bo: Any, wrong: Any) -> None:
    with (
        mock.patch.object(Note, "actor", return_value=wrong),
        pytest.raises(BadType, match=r"Note.actor\(\) must return a saved user or None"),
    ):
        notify(bo, Note(text="x"))
    assert told() == []


@pytest.mark.parametrize("wrong", ["the article", Article(title="unsaved")])
def test_it_can_only_be_done_to_a_saved_instance(bo: Any, wrong: Any) -> None:
    with (
        mock.patch.object(Note, "target", return_value=wrong),
        pytest.raises(BadType, match=r"Note.target\(\) must return a saved model instance"),
    ):
        notify(bo, Note(text="x"))
    assert told() == []


def test_a_key_that_is_a_member_of_an_enum_is_its_text(bo: Any) -> None:
    notify(bo, Note(text="x"), key=Color.RED)
    notify(bo, Note(text="x"), key="red")
    assert list(Notification.objects.values_list("key", flat=True)) == ["red"]
