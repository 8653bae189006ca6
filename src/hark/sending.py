"""notify(): who and what become rows, in the caller's own transaction. No network is used."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model

from hark import facts
from hark.conf import settings
from hark.exceptions import BadKey, BadType, NotSerializable, TooLarge
from hark.jobs.send import write, write_jobs
from hark.models import KEY_MAX_LENGTH, Notification
from hark.plain import NotPlain, check_text
from hark.recipients import Recipients, is_saved_user, primary_keys
from hark.references import concrete, label, user_key, write_key
from hark.types import NotificationType, name_of
from hark.wake import database, wake_on_commit


def notify(recipients: Recipients, notification: NotificationType, *, key: str = "") -> None:
    """Put a notification into everyone's inbox, and on their screens once this is committed.

    Takes part in the caller's transaction: rolled back, it was never sent. Whoever did it is not
    told, unless the type says so. Each recipient is told once, however often they are named.

    Args:
        recipients: A user, any iterable of users, or a queryset of users. A plain queryset is
            streamed. One that was evaluated means the users it holds; one that is sliced, a union,
            `distinct("field")` or `select_for_update()` is read as it is written.
        notification: An instance of a class decorated with `@register`.
        key: The same key twice reaches the same recipient once, in this transaction or any other.

    Raises:
        NotARecipient, NotRegistered, NotSerializable, TooLarge, BadKey, BadType: Before anything
            is written, but a queryset or iterable is checked as it is read, inside a savepoint.
    """
    row = template(notification, key=_plain_key(key))
    told = _without(row.actor if not notification.tells_actor else "", primary_keys(recipients))
    first = list(islice(told, settings().DIRECT_RECIPIENTS))
    if not first:
        return
    following = list(islice(told, 1))
    with transaction.atomic(using=database(), savepoint=bool(following)):
        if following:
            write_jobs(row, chain(first, following, told))
        else:
            write(row, first)
        wake_on_commit()


def template(notification: NotificationType, *, key: str = "") -> Notification:
    """Return an unsaved row with the notification's facts and no recipient.

    Raises:
        NotRegistered, NotSerializable, TooLarge: As `notify` says.
        BadType: `actor()` or `target()` returns something else than it says.
    """
    name = name_of(notification)
    params = facts.dump(notification)
    return Notification(
        type=name,
        version=notification.version,
        actor=_actor(notification),
        target=_target(notification),
        params=params,
        facts=facts.identity(name, params),
        key=key,
    )


def _actor(notification: NotificationType) -> str:
    actor: Any = notification.actor()
    if actor is None:
        return ""
    user_model = get_user_model()
    if not is_saved_user(actor):
        raise _wrong(notification, "actor", "a saved user", actor)
    return _fitting(notification, "actor", write_key(user_model, user_key(actor)))


def _target(notification: NotificationType) -> str:
    target: Any = notification.target()
    if target is None:
        return ""
    if not isinstance(target, Model) or target.pk is None:
        raise _wrong(notification, "target", "a saved model instance", target)
    model = concrete(target)
    return _fitting(notification, "target", f"{label(model)}:{write_key(model, target.pk)}")


def _wrong(notification: NotificationType, method: str, wanted: str, got: object) -> BadType:
    where = f"{type(notification).__qualname__}.{method}()"
    return BadType(f"{where} must return {wanted} or None; got {type(got).__name__}: {got!r:.100}")


def _fitting(notification: NotificationType, column: str, text: str) -> str:
    """Return text that the column of that name takes, so that no transaction fails of it."""
    where = f"{type(notification).__qualname__}.{column}()"
    field: Any = Notification._meta.get_field(column)  # noqa: SLF001 (documented)
    if len(text) > field.max_length:
        raise TooLarge(f"the key of {where}", len(text), field.max_length)
    try:
        check_text(text)
    except NotPlain as error:
        raise NotSerializable(where, text, f"returns what {error}") from error
    return text


def _plain_key(key: object) -> str:
    try:
        if not isinstance(key, str) or len(key) > KEY_MAX_LENGTH:
            raise BadKey(key, KEY_MAX_LENGTH)
        check_text(key)
    except NotPlain as error:
        raise BadKey(key, KEY_MAX_LENGTH) from error
    return str.__str__(key)  # of a (str, Enum) its text


def _without(actor: str, user_ids: Iterable[Any]) -> Iterator[Any]:
    return (user_id for user_id in user_ids if str(user_id) != actor)
