"""Numbering what others wrote, oldest first.

On PostgreSQL by one statement, so that an arrival waits for one round trip and one commit. Its
locks see what was committed since the statement began: a number is never given twice, nor a row
numbered that somebody else has numbered meanwhile.
"""

from typing import Any

from django.db import connections, transaction

from hark import log
from hark.models import Notification
from hark.wake import database

STATEMENT = """
    WITH held AS MATERIALIZED (
        SELECT hark_notification.id, user_id, type, created_at, hark_inbox.modseq AS last,
            NOT arrived AND read_at IS NULL AND deleted_at IS NULL AS is_news
        FROM hark_notification JOIN hark_inbox USING (user_id)
        WHERE hark_notification.modseq IS NULL ORDER BY hark_notification.id LIMIT %(limit)s
        FOR UPDATE OF hark_inbox SKIP LOCKED FOR UPDATE OF hark_notification
    ), passed_over AS (  -- in part, maybe: an inbox may have become free between two of its rows
        SELECT user_id FROM hark_notification
        WHERE modseq IS NULL AND id < (SELECT max(id) FROM held)
            AND id NOT IN (SELECT id FROM held)
    ), numbered AS MATERIALIZED (
        SELECT *, last + row_number() OVER (PARTITION BY user_id ORDER BY id) AS number
        FROM held WHERE user_id NOT IN (SELECT user_id FROM passed_over)
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
        SELECT 'email', type, '{}', id, now(), created_at + wait, 0, ''
        FROM numbered JOIN unnest(%(types)s::text[], %(waits)s::interval[]) AS mail (type, wait)
        USING (type) WHERE is_news
    ), begun AS (
        INSERT INTO hark_inbox (user_id, modseq, published, floor, attempts, error)
        SELECT DISTINCT user_id, 0, 0, 0, 0, '' FROM (
            SELECT user_id FROM hark_notification WHERE modseq IS NULL ORDER BY id LIMIT %(limit)s
        ) AS waiting
        WHERE NOT EXISTS (SELECT FROM hark_inbox WHERE hark_inbox.user_id = waiting.user_id)
        ORDER BY user_id ON CONFLICT DO NOTHING RETURNING user_id
    )
    SELECT (SELECT count(*) FROM numbered), (SELECT count(*) FROM begun)
"""


def number(limit: int) -> int:
    """Number up to `limit` notifications, contiguously for each owner; return how many.

    Whose inbox somebody holds just now is passed over, and keeps nobody else waiting.
    """
    if connections[database()].vendor == "postgresql":
        return _number_at_once(limit)
    with transaction.atomic(using=database()):
        waiting = Notification.objects.unnumbered().values_list("user_id", flat=True)
        return log.number_unnumbered(log.lock(sorted(set(waiting[:limit]))), limit=limit)


def _number_at_once(limit: int) -> int:
    emails = log.email_waits()
    params: dict[str, Any] = {
        "limit": limit,
        "types": [name for name, _ in emails],
        "waits": [wait for _, wait in emails],
    }
    with connections[database()].cursor() as cursor:
        cursor.execute(STATEMENT, params)
        count, begun = cursor.fetchone()
    # A log that was begun just now is only seen by the next statement.
    return int(count) + (_number_at_once(limit) if begun else 0)
