"""For an application's own tests: see what was sent, without a relay, a gateway or a commit.

def test_the_author_is_told(ada, post):
    with captured() as sent:
        comment_on(post, by=ada)
    assert sent.titles == ["Ada commented on Tea"]
    assert sent.to(post.author) == sent.all
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hark.jobs.send import Send
from hark.models import Notification
from hark.references import user_key
from hark.relay.outbox import run_due
from hark.render import Item, Page


class Sent:
    """What was sent inside `captured()`, oldest first. Complete once its block has ended."""

    def __init__(self) -> None:
        self.all: list[Item] = []
        self._recipients: list[Any] = []

    @property
    def titles(self) -> list[str]:
        """What each one says."""
        return [item["title"] for item in self.all]

    @property
    def types(self) -> list[str]:
        """The registered name of each."""
        return [item["type"] for item in self.all]

    def to(self, user: Any) -> list[Item]:
        """Return what this user was sent."""
        pairs = zip(self._recipients, self.all, strict=True)
        return [item for recipient, item in pairs if recipient == user_key(user)]

    def _add(self, rows: list[Notification]) -> None:
        page = Page(rows)
        for row in rows:
            if error := page.text(row).error:
                raise AssertionError(f"{row.type} cannot be shown: {error}")
        self.all = [page.item(row) for row in rows]
        self._recipients = [row.user_id for row in rows]


@contextmanager
def captured() -> Iterator[Sent]:
    """Collect the notifications that the block sends, as their recipients will read them.

    Works inside a test's transaction. Very large sends are written at the end of the block, as the
    relay would.

    Raises:
        AssertionError: The text of one of them cannot be made.
    """
    sent = Sent()
    last = Notification.objects.order_by("-id").values_list("id", flat=True).first() or 0
    yield sent
    send = Send()
    while run_due(send, send.run, 1):
        pass
    rows = Notification.objects.filter(id__gt=last, deleted_at=None).order_by("id")
    sent._add(list(rows))  # noqa: SLF001 (one of us)
