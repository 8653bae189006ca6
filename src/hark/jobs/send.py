"""Large sends: their notifications are written a thousand at a time, so that no request does."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections
from django.utils.translation import gettext_lazy as _

from hark import sql
from hark.jobs.base import DatabaseJob
from hark.models import Notification, Outbox
from hark.recipients import CHUNK
from hark.wake import database

FACTS = ("type", "version", "actor", "target", "params", "facts")

COPIED: list[Any] = [
    Notification._meta.get_field(name)  # noqa: SLF001 (public by its documentation)
    for name in (*FACTS, "key", "created_at", "arrived")
]
"""What a new row says; the rest is empty until something happens to it."""


class Send(DatabaseJob):
    """Writes the notifications of one part of a large send: all of it and its row, or nothing."""

    kind = "send"
    label = _("notifications to write")
    lost = _("those people are never told")
    batch_size = 1

    def handle(self, row: Outbox) -> None:
        values: dict[str, Any] = dict(row.payload)
        user_ids = values.pop("users")
        created_at = datetime.fromisoformat(values.pop("created_at"))
        write(Notification(**values, created_at=created_at), user_ids)


def write_jobs(row: Notification, user_ids: Iterator[Any]) -> None:
    """Leave it to the relay to write a copy of `row` for each of these."""
    values = ("type", "version", "actor", "target", "params", "key")
    payload = {name: getattr(row, name) for name in values}
    payload |= {"facts": str(row.facts), "created_at": row.created_at.isoformat()}
    while some := [str(user_id) for user_id in islice(user_ids, CHUNK)]:
        Send.owe(row.type, payload | {"users": some})


def write(row: Notification, user_ids: Sequence[Any]) -> None:
    """Insert a copy of `row` for each of these who has an account, by one statement.

    Whoever has a notification with that key gets no second one.
    """
    connection = connections[database()]
    values = {
        field.column: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in COPIED
    }
    table, key, chosen, keys = sql.among(get_user_model(), user_ids)
    # By hand: the ORM takes longer to spell this than PostgreSQL to do it.
    statement = (
        f"INSERT INTO hark_notification (user_id, {', '.join(values)}) "  # noqa: S608 (ours)
        f"SELECT {key}, {', '.join(['%s'] * len(values))} FROM {table} WHERE {chosen} "
        "ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values.values(), *keys])
