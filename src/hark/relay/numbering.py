"""Numbering what others wrote, oldest first.

On PostgreSQL by one statement, so that an arrival waits for one round trip and one commit. Its
locks see what was committed since the statement began: a number is never given twice, nor a row
numbered that somebody else has numbered meanwhile.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction

from hark import log, sql
from hark.instants import Now
from hark.media.planning import plans
from hark.models import Notification
from hark.plain import described
from hark.relay import retry
from hark.wake import database

logger = logging.getLogger(__name__)

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
        UPDATE hark_notification SET modseq = number, arrived = TRUE,
            arrival = CASE WHEN hark_notification.arrived THEN arrival ELSE number END
        FROM numbered WHERE hark_notification.id = numbered.id
    ), raised AS (
        UPDATE hark_inbox SET modseq = top.number
        FROM (SELECT user_id, max(number) AS number FROM numbered GROUP BY user_id) AS top
        WHERE hark_inbox.user_id = top.user_id
    ), planned AS (
        INSERT INTO hark_outbox
            (kind, subject, payload, notification_id, created_at, due_at, attempts, error)
        SELECT kind, type, payload, id, now(), created_at + wait, 0, ''
        FROM numbered JOIN unnest(
            %(types)s::text[], %(kinds)s::text[], %(waits)s::interval[], %(payloads)s::jsonb[]
        ) AS plan (type, kind, wait, payload) USING (type) WHERE is_news
    ), begun AS (
        INSERT INTO hark_inbox (user_id, modseq, published, floor, attempts, error)
        SELECT DISTINCT user_id, last, last, last, 0, '' FROM (
            SELECT user_id FROM hark_notification WHERE modseq IS NULL ORDER BY id LIMIT %(limit)s
        ) AS waiting, LATERAL (  -- not 0, if the row of an inbox was lost
            SELECT coalesce(max(modseq), 0) AS last FROM hark_notification
            WHERE hark_notification.user_id = waiting.user_id
        ) AS numbered_before
        WHERE NOT EXISTS (SELECT FROM hark_inbox WHERE hark_inbox.user_id = waiting.user_id)
        ORDER BY user_id ON CONFLICT DO NOTHING RETURNING user_id
    )
    SELECT (SELECT count(*) FROM numbered), (SELECT count(*) FROM begun)
"""


def number(limit: int) -> int:
    """Number up to `limit` notifications, contiguously for each owner; return how many.

    Whose inbox somebody holds just now is passed over, and keeps nobody else waiting; so does an
    inbox that cannot be numbered, which is tried again later.
    """
    try:
        if connections[database()].vendor == "postgresql":
            return _number_at_once(limit)
        return _number_inboxes(_waiting(limit), limit)
    except Exception as error:
        if sql.may_pass(error):
            raise
        logger.warning("Each inbox is numbered by itself, as not all can be: %s", described(error))
        return sum(_number_alone(owner, limit) for owner in _waiting(limit))


def _waiting(limit: int) -> list[Any]:
    """Return up to `limit` people who wait for numbers."""
    rows = Notification.objects.filter(modseq=None)
    rows = rows.exclude(user__hark_inbox__attempts__gt=0, user__hark_inbox__due_at__gt=Now())
    return sorted(rows.values_list("user_id", flat=True).distinct()[:limit])


def _number_inboxes(owners: Sequence[Any], limit: int) -> int:
    with transaction.atomic(using=database()):
        return log.number_unnumbered(log.lock(owners), limit=limit)


def _number_alone(owner: Any, limit: int) -> int:
    try:
        log.repair(owner)
        return _number_inboxes([owner], limit)
    except Exception as error:
        if sql.may_pass(error):
            raise
        retry.postpone_inbox(owner, error)
        return 0


def _number_at_once(limit: int) -> int:
    planned = plans()
    params: dict[str, Any] = {
        "limit": limit,
        "types": [plan.type for plan in planned],
        "kinds": [plan.kind for plan in planned],
        "waits": [plan.wait for plan in planned],
        "payloads": [json.dumps(plan.payload) for plan in planned],
    }
    with connections[database()].cursor() as cursor:
        cursor.execute(STATEMENT, params)
        count, begun = cursor.fetchone()
    # A log that was begun just now is only seen by the next statement.
    return int(count) + (_number_at_once(limit) if begun else 0)
