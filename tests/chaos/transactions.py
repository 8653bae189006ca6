"""`python -m tests.chaos.transactions`: saves, corrects and takes back in transactions.

Some of them are rolled back.

Reads one job a line from standard input, as JSON, and answers each with a line: null once it is
committed or rolled back as asked, or what went wrong.
"""

import json
import sys
import time
from typing import Any

import django

from tests.chaos.truth import CORRECTION


class Undone(Exception):
    """Rolls back."""


def main() -> None:
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(attempt(json.loads(line))) + "\n")
        sys.stdout.flush()


def attempt(job: dict[str, Any]) -> str | None:
    from django.db import DatabaseError, connection

    try:
        perform(job)
    except Undone:
        return None
    except DatabaseError as error:
        connection.close()
        return f"{type(error).__name__}: {error}"
    return None


def perform(job: dict[str, Any]) -> None:
    from django.db import transaction

    with transaction.atomic():
        for comment in job["comments"]:
            save(**comment)
        for change in job["changes"]:
            alter(**change)
        time.sleep(job["hold"])
        if job["roll_back"]:
            raise Undone


def save(*, undone: bool, **fields: str) -> None:
    """Save a comment, and undo it by a savepoint of its own if so asked."""
    from django.db import transaction

    from social.posts.models import Comment

    try:
        with transaction.atomic():
            Comment.objects.create(**fields)
            if undone:
                raise Undone
    except Undone:
        pass


def alter(*, text: str, kind: str) -> None:
    """Take back the notification of a comment, or correct the comment and what tells of it."""
    from hark import amend, withdraw
    from social.posts.models import Comment
    from social.posts.notifications import PostCommented

    comment = Comment.objects.select_for_update().filter(text=text).first()
    if comment is None:  # corrected by an attempt whose answer was lost
        return
    if kind == "withdraw":
        withdraw(PostCommented(comment=comment))
    else:
        comment.text += CORRECTION
        comment.save()
        amend(PostCommented(comment=comment))


if __name__ == "__main__":
    main()
