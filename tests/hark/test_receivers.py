"""@notifies: each new instance is told of once, whatever class Django says was saved."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import models

from hark import notifies, notify_created, receivers, withdraw
from hark.exceptions import BadType, NotARecipient
from hark.models import Notification
from tests.hark.testapp.models import Article, Photo, Pinned, Remark
from tests.hark.testapp.notifications import Note, Remarked


def told() -> list[str]:
    rows = Notification.objects.filter(deleted_at=None).order_by("id")
    return list(rows.values_list("type", flat=True))


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Forget the receivers that a test adds."""
    with mock.patch.dict(receivers._receivers):
        yield


@pytest.mark.parametrize("kind", [Remark, Pinned, Photo])
def test_proxies_and_children_are_told_of_once(ana: Any, tea: Article, kind: Any) -> None:
    made = kind.objects.create(article=tea, author=ana, text="x")
    made.text = "edited"
    made.save()
    assert told() == ["article.remarked"]
    withdraw(Remarked(remark=Remark.objects.get()))
    assert told() == []


def test_a_child_that_is_added_to_a_row_is_no_new_one(
    ana: Any, tea: Article, remark: Callable[[], Remark]
) -> None:
    heard: list[Any] = []

    @notifies(Photo)
    def tell(photo: Photo) -> Iterator[Any]:
        heard.append(photo)
        yield photo.author, Note(text="a photo")

    made = remark()
    photo = Photo(remark_ptr=made, article=tea, author=ana, text="x", source="s")
    photo.save()
    assert told() == ["article.remarked", "note"]
    assert heard == [photo]


def test_a_receiver_of_a_model_and_its_child_is_called_once(ana: Any, tea: Article) -> None:
    @notifies("testapp.Photo")
    @notifies(Remark)
    def tell(remark: Remark) -> Iterator[Any]:
        yield remark.author, Note(text="once")

    Photo.objects.create(article=tea, author=ana, text="x")
    Remark.objects.create(article=tea, author=ana, text="x")
    assert told().count("note") == 2


def test_what_is_no_instance_of_it_is_passed_over(ana: Any, tea: Article) -> None:
    @notifies(Photo)
    @notifies(Pinned)
    def tell(remark: Remark) -> Iterator[Any]:
        yield remark.author, Note(text="x")

    Remark.objects.create(article=tea, author=ana, text="x")
    Pinned(article=tea, author=ana, text="a fixture").save_base(raw=True)
    assert told() == ["article.remarked"]


def test_an_abstract_model_stands_for_all_that_extend_it(ana: Any, tea: Article) -> None:
    @notifies(models.Model)
    def tell(made: models.Model) -> Iterator[Any]:
        if isinstance(made, Article):
            yield made.author, Note(text="x")

    Article.objects.create(author=ana, title="Coffee")
    assert told() == ["note"]


def test_of_a_bulk_the_receivers_hear_when_they_are_told(ana: Any, tea: Article) -> None:
    remarks = [Remark(article=tea, author=ana, text=text) for text in "abc"]
    made = Remark.objects.bulk_create(remarks)
    assert told() == []
    notify_created(made)
    assert told() == ["article.remarked"] * 3


def test_of_a_bulk_all_are_told_or_none(ana: Any, tea: Article) -> None:
    @notifies(Article)
    def tell(article: Article) -> Iterator[Any]:
        yield article.author if article.title == "good" else "nobody", Note(text="x")

    articles = [Article(author=ana, title=title) for title in ("good", "bad")]
    with pytest.raises(NotARecipient):
        notify_created(Article.objects.bulk_create(articles))
    assert told() == []


def test_a_function_that_cannot_be_called_with_an_instance_is_refused() -> None:
    async def later(remark: Remark) -> None:
        pass

    for wrong in (lambda: None, lambda remark, more: None, later):
        with pytest.raises(BadType, match=r"argument|async"):
            notifies(Remark)(wrong)
