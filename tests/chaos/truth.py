"""What the database holds: read by plain SQL, without a line of the code that is on trial."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

COMMENTS = """
    SELECT c.id::text, p.author_id::text, c.author_id = p.author_id, c.text,
           extract(epoch FROM pg_xact_commit_timestamp(c.xmin))::float8
    FROM posts_comment c JOIN posts_post p ON p.id = c.post_id
"""
NOTIFICATIONS = """
    SELECT user_id::text, id, params->'comment'->>'pk', modseq,
           read_at IS NOT NULL, archived_at IS NULL AND deleted_at IS NULL
    FROM hark_notification ORDER BY id DESC
"""
OWED = """
    SELECT (SELECT count(*) FROM hark_notification WHERE modseq IS NULL)
         + (SELECT count(*) FROM hark_inbox WHERE published < modseq)
         + (SELECT count(*) FROM hark_outbox WHERE due_at <= now())
"""


CORRECTION = " (corrected)"
"""What is added to a comment's text when it is changed."""


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    owner: str
    """Whose post it is about, and who is to be told."""
    own: bool
    """Written by the owner themselves, who is not told."""
    text: str
    committed_at: float
    """Unix time; of its last change, if it was changed."""

    @property
    def written(self) -> str:
        """What it said at first."""
        return self.text.removesuffix(CORRECTION)

    @property
    def is_corrected(self) -> bool:
        return self.text.endswith(CORRECTION)


@dataclass(frozen=True, slots=True)
class Row:
    """A notification as a list shows it."""

    id: int
    comment: str
    modseq: int | None
    read: bool
    text: str
    """What the comment says by now."""


@dataclass(frozen=True, slots=True)
class Truth:
    """All of it.

    Attributes:
        lists: What each person's list has to show, from its top.
        notified: How many notifications there are of each comment, whatever became of them.
    """

    comments: list[Comment]
    lists: dict[str, list[Row]]
    notified: dict[tuple[str, str], list[int]]


def read(connection: psycopg.Connection) -> Truth:
    comments = [Comment(*row) for row in connection.execute(COMMENTS)]
    texts = {comment.id: comment.text for comment in comments}
    lists: dict[str, list[Row]] = defaultdict(list)
    notified: dict[tuple[str, str], list[int]] = defaultdict(list)
    for user, pk, comment, modseq, is_read, listed in connection.execute(NOTIFICATIONS):
        notified[user, comment].append(pk)
        if listed:
            lists[user].append(Row(pk, comment, modseq, is_read, texts.get(comment, "")))
    return Truth(comments, dict(lists), dict(notified))


def owed(connection: psycopg.Connection) -> int:
    """Return how much the relay still has to do."""
    rows: Iterable[tuple[int]] = connection.execute(OWED)
    return next(iter(rows))[0]
