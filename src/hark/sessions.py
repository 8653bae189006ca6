"""Closing sockets when Django ends what opened them.

It goes through the outbox, in the transaction that ends the session: so it is neither lost nor done
for a change that was rolled back. Whoever still has a session asks for a new token and is back.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Model
from django.db.models.signals import class_prepared, post_save, pre_delete, pre_save
from django.http import HttpRequest

from hark.channels import Channel, application_channel
from hark.jobs.disconnect import Disconnect
from hark.jobs.unsubscribe import Unsubscribe
from hark.recipients import is_saved_user
from hark.references import concrete, user_key


def disconnect(user: Model) -> None:
    """Close every socket of this user, once the present transaction is committed.

    Signing out, signing in as somebody else, a new password, `is_active = False` and deletion do
    this by themselves when they go through `logout()`, `login()`, `save()` and `delete()`. Call it
    after a `QuerySet.update()` or `session.flush()`.
    """
    _disconnect(user_key(user))


def _disconnect(key: Any) -> None:
    Disconnect.owe(str(key))


def unsubscribe(user: Model, channel: Channel | str) -> None:
    """End this user's subscriptions to one channel, once the present transaction is committed.

    On all of their screens, and the tokens that opened it are worthless; everything else of theirs
    stays open. Call it where they lose the right to listen, in the same transaction, so that the
    channel's policy refuses them a new token.

        membership.delete()
        unsubscribe(member, f"room:{room.pk}")

    Args:
        channel: A Channel, or its name written `namespace:key`.

    Raises:
        BadChannel: The name is none, or is an inbox, which only `disconnect` closes.
        UnknownNamespace: Nobody declared by `@channel` who may listen.
    """
    to = application_channel(channel)
    Unsubscribe.owe(str(user.pk), {"channel": str(to)})


def _signed_out(*, user: Model | None, **_: Any) -> None:
    if user is not None and is_saved_user(user):
        disconnect(user)


def _signed_in(*, request: HttpRequest | None, user: Model, **_: Any) -> None:
    """Disconnect whoever's session this was, if `login()` has just ended it for somebody else."""
    former = getattr(getattr(request, "session", None), "hark_former", None)
    if former is not None:
        key = user._meta.pk.to_python(former)  # noqa: SLF001 (as Django does)
        if key != user.pk:
            _disconnect(key)


def _remember_former() -> None:
    """Have a session that is cleared remember whose it was.

    `login()` as somebody else flushes the session, sends no signal for it, and names nobody after:
    this is the only place, whatever stores the sessions, where the former one is still known.
    """
    clear = SessionBase.clear

    def clear_and_remember(session: SessionBase) -> None:
        session.hark_former = getattr(session, "_session_cache", {}).get(SESSION_KEY)  # type: ignore[attr-defined]
        clear(session)

    SessionBase.clear = clear_and_remember  # type: ignore[method-assign,assignment]


def _before_save(*, instance: Any, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    """Find out whether this save ends the user's sessions, while the row still has the old values.

    As Django's own sessions it goes by the stored hash, so it does not matter who changed that how.
    """
    if raw or not is_saved_user(instance):
        return
    meta = concrete(instance)._meta  # noqa: SLF001 (public by its documentation)
    stored = {field.attname for field in meta.concrete_fields} & {"password", "is_active"}
    written = stored - instance.get_deferred_fields()
    if update_fields is not None:
        written &= set(update_fields)
    is_inactive_otherwise = "is_active" not in stored and not instance.is_active
    instance._hark_sessions_end = (  # noqa: SLF001 (ours)
        is_inactive_otherwise or (bool(written) and _ends(instance, written, using))
    )


def _ends(user: Any, written: set[str], using: str) -> bool:
    rows = get_user_model()._base_manager.using(using)  # noqa: SLF001 (whoever may log in)
    before = rows.filter(pk=user_key(user)).values(*written).first() or {}
    return before.get("password", user.password) != user.password or (
        before.get("is_active", True) and not user.is_active
    )


def _saved(*, instance: Any, created: bool, **_: Any) -> None:
    if instance.__dict__.pop("_hark_sessions_end", False) and not created:
        disconnect(instance)


def _deleted(*, instance: Model, **_: Any) -> None:
    disconnect(instance)


def _follow_deletions(sender: type[Model], **_: Any) -> None:
    # Of the user and its proxies only: whoever listens to all models makes all deletions slow. A
    # child's deletion announces the user's own.
    if concrete(sender) is concrete(get_user_model()):
        pre_delete.connect(_deleted, sender=sender, dispatch_uid="hark.user_deleted")


def connect_signals() -> None:
    """Listen for the ends of sessions; called once, when Django is ready.

    Django names the class that was saved or deleted, which may be a proxy or a child of the user.
    """
    _remember_former()
    user_logged_in.connect(_signed_in, dispatch_uid="hark.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="hark.signed_out")
    pre_save.connect(_before_save, dispatch_uid="hark.user_before_save")
    post_save.connect(_saved, dispatch_uid="hark.user_saved")
    for model in apps.get_models():
        _follow_deletions(model)
    class_prepared.connect(_follow_deletions, dispatch_uid="hark.user_proxies")
