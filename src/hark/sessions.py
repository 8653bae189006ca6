"""Closing sockets when Django ends what opened them.

It goes through the outbox, in the transaction that ends the session: so it is neither lost nor done
for a change that was rolled back. Whoever still has a session asks for a new token and is back.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete

from hark.models import Outbox
from hark.wake import wake_on_commit


def disconnect(user: Model) -> None:
    """Close every socket of this user, once the present transaction is committed.

    Signing out, a new password, `is_active = False` and deletion do this by themselves when they go
    through `save()` and `delete()`. Call it after a `QuerySet.update()`, or when the user may no
    longer listen to a channel.
    """
    Outbox.objects.create(kind=Outbox.Kind.DISCONNECT, subject=str(user.pk))
    wake_on_commit()


def _signed_out(*, user: Model | None, **_: Any) -> None:
    if user is not None and user.pk is not None:
        disconnect(user)


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
    user_logged_out.connect(_signed_out, dispatch_uid="hark.signed_out")
    post_save.connect(_saved, sender=user_model, dispatch_uid="hark.user_saved")
    pre_delete.connect(_deleted, sender=user_model, dispatch_uid="hark.user_deleted")
