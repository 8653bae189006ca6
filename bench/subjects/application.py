"""The social application in real processes, and its Django in this one, on the same database."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import django

from bench.subjects.database import run_postgres, url_of
from tests.stack import Stack, running_stack

_until_exit = ExitStack()


@cache
def start() -> Stack:
    """Start the application, at the first call, and set Django up in this process.

    All cases share it, because a process can be given Django's settings only once. It ends with us.
    """
    atexit.register(_until_exit.close)
    logs = Path(tempfile.mkdtemp(prefix="hark-bench-logs-"))
    _until_exit.callback(shutil.rmtree, logs)
    # As deployed: with DEBUG, Django keeps every query.
    production = {"DJANGO_DEBUG": "", "DJANGO_ALLOWED_HOSTS": "*"}
    server = _until_exit.enter_context(run_postgres())
    stack = _until_exit.enter_context(
        running_stack(logs, DATABASE_URL=url_of(server), **production)
    )
    os.environ.update(stack.environment)
    django.setup()
    from social.api.throttles import WriteThrottle

    WriteThrottle.THROTTLE_RATES = {"write": None}
    return stack


def make_people(count: int, prefix: str) -> list[Any]:
    """Return `count` new users."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    return model.objects.bulk_create(
        model(username=f"{prefix}{number}", email=f"{prefix}{number}@example.com")
        for number in range(count)
    )


def make_crowd(count: int, prefix: str) -> Any:
    """Make very many new users, by one statement; return the queryset of them."""
    from django.contrib.auth import get_user_model

    execute(
        "INSERT INTO accounts_user (id, username, likeness, email, password, is_superuser,"
        " is_staff, is_active, date_joined) SELECT gen_random_uuid(), name, name,"
        " name || '@example.com', '',"
        " FALSE, FALSE, TRUE, now() FROM generate_series(1, %s) AS number,"
        " LATERAL (SELECT %s || number AS name) AS named",
        [count, prefix],
    )
    execute("VACUUM ANALYZE accounts_user")
    return get_user_model().objects.filter(username__startswith=prefix)


def execute(sql: str, params: Sequence[Any] = ()) -> list[Any]:
    """Run one statement on the application's database; return its rows, if it has any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else []


def count_queries(action: Callable[[], Any]) -> int:
    """Return how many statements `action` sends to the database, BEGIN and COMMIT among them."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        action()
    return len(queries)
