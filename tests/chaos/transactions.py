"""`python -m tests.chaos.transactions`: saves comments in transactions, some of them rolled back.

Reads one job a line from standard input, as JSON, and answers each with a line: null once it is
committed or rolled back as asked, or what went wrong.
"""

import json
import sys
import time
from typing import Any

import django


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


if __name__ == "__main__":
    main()
