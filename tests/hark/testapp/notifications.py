"""What can happen in the test app."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hark import NotificationType, notifies, register
from tests.hark.testapp.models import Article, Remark


@register("article.remarked")
@dataclass(frozen=True, kw_only=True)
class Remarked(NotificationType):
    """Someone made a remark on an article of yours."""

    related = {"remark": ("author", "article")}
    remark: Remark

    def title(self) -> str:
        return f"{self.remark.author.get_username()} remarked on {self.remark.article.title}"

    def body(self) -> str:
        return self.remark.text

    def url(self) -> str:
        return f"/articles/{self.remark.article_id}#remark-{self.remark.pk}"

    def actor(self) -> Any:
        return self.remark.author

    def target(self) -> Article:
        return self.remark.article


@register("note")
@dataclass(frozen=True, kw_only=True)
class Note(NotificationType):
    """Plain words, nobody's doing."""

    text: str
    extra: dict[str, Any] = field(default_factory=dict)

    def title(self) -> str:
        return self.text

    def data(self) -> dict[str, Any]:
        return self.extra


@register("poison")
@dataclass(frozen=True, kw_only=True)
class Poison(NotificationType):
    """Its text cannot be made, or could not be sent if it were."""

    way: str = "it raises"

    def title(self) -> str:
        if self.way == "it raises":
            raise ZeroDivisionError("this type always fails")
        return "\ud83d" if self.way == "half a character" else "a\0b" if self.way == "NUL" else "x"

    def data(self) -> dict[str, Any]:
        endless: list[Any] = []
        endless.append(endless)
        number = float("nan") if self.way == "no number" else 1
        return {"number": number, "list": endless if self.way == "endless" else []}


@notifies(Remark)
def tell_author(remark: Remark) -> Iterator[Any]:
    yield remark.article.author, Remarked(remark=remark)
