"""Closing sockets when Django ends what opened them.

It goes through the outbox, in the transaction that ends the session: so it is neither lost nor done
for a change that was rolled back. Whoever still has a session asks for a new token and is back.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete
from django.http import HttpRequest

from hark.models import Outbox
from hark.wake import wake_on_commit


def disconnect(user: Model) -> None:
    """Close every socket of this user, once the present transaction is committed.

    Signing out, signing in as somebody else, a new password, `is_active = False` and deletion do
    this by themselves when they go through `logout()`, `login()`, `save()` and `delete()`. Call it
    after a `QuerySet.update()` or `session.flush()`, or when the user may no longer listen to a
    channel.
    """
    _disconnect(user.pk)


def _disconnect(key: Any) -> None:
    Outbox.objects.create(kind=Outbox.Kind.DISCONNECT, subject=str(key))
    wake_on_commit()


def _signed_out(*, user: Model | None, **_: Any) -> None:
    if user is not None and user.pk is not None:
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


def _saved(*, instance: Any, created: bool, raw: bool, **_: Any) -> None:
    # Between set_password() and the end of save() a user keeps the new password, which is how
    # Django's own validators hear of the change.
    changed = getattr(instance, "_password", None) is not None
    if not created and not raw and (changed or not instance.is_active):
        disconnect(instance)


def _deleted(*, instance: Model, **_: Any) -> None:
    disconnect(instance)


def connect_signals() -> None:
    """Listen for the ends of sessions; called once, when Django is ready."""
    user_model = get_user_model()
    _remember_former()
    user_logged_in.connect(_signed_in, dispatch_uid="hark.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="hark.signed_out")
    post_save.connect(_saved, sender=user_model, dispatch_uid="hark.user_saved")
    pre_delete.connect(_deleted, sender=user_model, dispatch_uid="hark.user_deleted")
