"""What there is to do, by one small statement: what an idle relay asks again and again."""

from enum import StrEnum
from functools import cache
from typing import Any

from django.db import connections
from django.db.models import Value

from hark import sql
from hark.instants import Now
from hark.models import Notification, Outbox
from hark.relay import inboxes
from hark.wake import database


class Step(StrEnum):
    """What concerns inboxes; each kind of outbox row is a step as well."""

    NUMBER = "number"
    PUSH = "push"


def due() -> set[str]:
    """Return the steps, and the kinds of outbox rows, that have something to do."""
    statement, params = _statement()
    with connections[database()].cursor() as cursor:
        cursor.execute(statement, params)
        return {row[0] for row in cursor.fetchall()}


@cache
def _statement() -> tuple[str, list[Any]]:
    asked = (
        Notification.objects.unnumbered().values_list(Value(Step.NUMBER))[:1],
        inboxes.behind().values_list(Value(Step.PUSH))[:1],
        Outbox.objects.filter(due_at__lte=Now()).values_list("kind").distinct(),
    )
    parts = [sql.compiled(each) for each in asked]
    union = " UNION ALL ".join(f"SELECT * FROM ({part}) AS asked" for part, _ in parts)  # noqa: S608
    return union, [param for _, params in parts for param in params]
