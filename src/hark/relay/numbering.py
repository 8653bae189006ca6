"""Numbering what others wrote, oldest first.

On PostgreSQL by one statement, so that a crash finds all of it done or nothing, and an arrival
waits for no further round trip. Each lock is taken before what it guards is read, and the lock sees
what was committed since the statement began: hence the many steps.
"""

from typing import Any

from django.db import connections, transaction

from hark import log, sql
from hark.models import Inbox, Notification
from hark.wake import database

STATEMENT = """
    WITH waiting AS MATERIALIZED (
        SELECT id, user_id FROM hark_notification
        WHERE modseq IS NULL AND user_id <> ALL(%(passing_over)s::{key}[])
        ORDER BY id LIMIT %(limit)s
    ), log AS MATERIALIZED (
        SELECT user_id, modseq FROM hark_inbox
        WHERE user_id IN (SELECT user_id FROM waiting) ORDER BY user_id FOR UPDATE SKIP LOCKED
    ), held AS MATERIALIZED (
        SELECT id, user_id, type, created_at, log.modseq AS last,
            NOT arrived AND read_at IS NULL AND deleted_at IS NULL AS is_news
        FROM hark_notification JOIN log USING (user_id)
        WHERE id IN (SELECT id FROM waiting) AND hark_notification.modseq IS NULL
        ORDER BY id FOR UPDATE OF hark_notification
    ), numbered AS MATERIALIZED (
        SELECT *, last + row_number() OVER (PARTITION BY user_id ORDER BY id) AS number FROM held
    ), given AS (
        UPDATE hark_notification SET modseq = number, arrived = TRUE
        FROM numbered WHERE hark_notification.id = numbered.id
    ), raised AS (
        UPDATE hark_inbox SET modseq = top.number
        FROM (SELECT user_id, max(number) AS number FROM numbered GROUP BY user_id) AS top
        WHERE hark_inbox.user_id = top.user_id
    ), mailed AS (
        INSERT INTO hark_outbox
            (kind, subject, payload, notification_id, created_at, due_at, attempts, error)
        SELECT 'email', type, '{{}}', id, now(), created_at + wait, 0, ''
        FROM numbered JOIN unnest(%(types)s::text[], %(waits)s::interval[]) AS mail (type, wait)
        USING (type) WHERE is_news
    )
    SELECT (SELECT count(*) FROM numbered),
        ARRAY(SELECT user_id FROM waiting EXCEPT SELECT user_id FROM log)
"""


def number(limit: int, *, passing_over: set[Any]) -> int:
    """Number up to `limit` notifications, contiguously for each owner; return how many.

    Args:
        passing_over: Owners whose inbox somebody holds just now. They are added here, so that they
            keep nobody else waiting.
    """
    if connections[database()].vendor == "postgresql":
        return _number_at_once(limit, passing_over)
    with transaction.atomic(using=database()):
        waiting = Notification.objects.unnumbered().values_list("user_id", flat=True)
        return log.number_unnumbered(log.lock(sorted(set(waiting[:limit]))), limit=limit)


def _number_at_once(limit: int, passing_over: set[Any]) -> int:
    emails = log.email_waits()
    params: dict[str, Any] = {
        "limit": limit,
        "passing_over": list(passing_over),
        "types": [name for name, _ in emails],
        "waits": [wait for _, wait in emails],
    }
    with connections[database()].cursor() as cursor:
        cursor.execute(STATEMENT.format(key=sql.key_type(Inbox)), params)
        count, left = cursor.fetchone()
    if not left:
        return int(count)
    begun = log.begin(left)
    passing_over.update(set(left) - begun)
    return int(count) + (_number_at_once(limit, passing_over) if begun else 0)
