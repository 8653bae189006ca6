"""Forgetting: old notifications, deletions that every screen has heard of, tokens.

Works in short transactions, oldest first. What is forgotten raises its owner's floor: a client
whose log ends below it is told to read its inbox afresh.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, When

from hark import log
from hark.backends.pubnub.tokens import PubNubToken
from hark.models import Inbox, Notification
from hark.wake import database

BATCH = 1000


def tombstones(before: datetime) -> int:
    """Forget what was deleted before then; return how many."""
    count = 0
    while True:
        rows = Notification.objects.filter(deleted_at__lt=before, modseq__isnull=False)
        batch = list(rows.order_by("deleted_at").only("user_id", "modseq")[:BATCH])
        _forget(batch)
        count += len(batch)
        if len(batch) < BATCH:
            return count


def notifications(before: datetime) -> int:
    """Forget all that happened before then, read or not; return how many."""
    count = last = 0
    while True:
        # Ids grow with time, so the oldest are the first and no index on the time is needed. Some
        # may be younger than what follows them: ids are given before a commit, and times by hand.
        rows = Notification.objects.filter(id__gt=last).order_by("id").only("user_id", "modseq")
        batch: list[Any] = list(rows.annotate(is_old=_is_before(before))[:BATCH])
        old = [row for row in batch if row.is_old]
        _forget(old)
        count += len(old)
        if not old or len(batch) < BATCH:
            return count
        last = batch[-1].pk


def _is_before(moment: datetime) -> Any:
    # Told by the database, which can also compare times that Python cannot hold.
    return Case(When(created_at__lt=moment, then=True), default=False, output_field=BooleanField())


def tokens(before: datetime) -> int:
    """Forget tokens that expired before then; return how many."""
    return PubNubToken.objects.filter(expires_at__lt=before).delete()[0]


def _forget(rows: list[Notification]) -> None:
    keys: dict[Any, list[int]] = {}
    for row in rows:
        keys.setdefault(row.user_id, []).append(row.pk)
    for owner, pks in keys.items():
        _forget_of(owner, pks)


def _forget_of(owner: Any, pks: list[int]) -> None:
    """Forget notifications of one person.

    Each in a transaction of its own: the relay settles many inboxes by one statement, in an order
    that nobody chose, and whoever held one of them and waited for another might wait for ever.
    """
    with transaction.atomic(using=database()):
        log.lock([owner])
        found = Notification.objects.filter(pk__in=pks).order_by("id")
        # Read once more: until its log was locked, a mark may have given it another number. What
        # was never numbered counts as 0: no client can have followed the log past it.
        numbers = found.select_for_update().values_list("modseq", flat=True)
        floor = max((number or 0 for number in numbers), default=0)
        Inbox.objects.filter(pk=owner, floor__lt=floor).update(floor=floor)
        found.delete()
