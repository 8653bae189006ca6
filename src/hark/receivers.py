"""@notifies: telling people whenever an instance of a model is created."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save, pre_save
from django.db.models.utils import make_model_tuple

from hark.exceptions import BadType
from hark.recipients import Recipients
from hark.references import concrete
from hark.sending import notify
from hark.types import NotificationType
from hark.wake import database

Receiver = Callable[[Any], Iterable[tuple[Recipients, NotificationType]]]

_receivers: dict[str, tuple[Receiver, set[type[Model]]]] = {}
"""By the name of its function, so that a module that is loaded twice does not tell twice."""


def notifies(model: type[Model] | str) -> Callable[[Receiver], Receiver]:
    """Call the decorated generator for each new instance of `model`, and send what it yields.

    It yields pairs of recipients and notification, and runs in the transaction that saves the
    instance. Proxies and multi-table children of the model are instances of it as well; each is
    told of once. Fixtures are passed over. Of `bulk_create` Django says nothing: call
    `notify_created` with what it returns.

        @notifies(Comment)
        def tell_author(comment):
            yield comment.post.author, PostCommented(comment=comment)

    Args:
        model: A model, abstract ones included, or its name as "posts.Comment".

    Raises:
        BadType: The function cannot be called with an instance.
    """

    def decorate(receiver: Receiver) -> Receiver:
        _check(receiver)
        name = f"{receiver.__module__}.{receiver.__qualname__}"

        def connect(model: type[Model]) -> None:
            _, models = _receivers.get(name, (receiver, set()))
            _receivers[name] = receiver, models | {model}

        if isinstance(model, str):
            apps.lazy_model_operation(connect, make_model_tuple(model))
        else:
            connect(model)
        return receiver

    return decorate


def notify_created(instances: Iterable[Model]) -> None:
    """Run the receivers of `@notifies` for instances that Django has not announced.

        notify_created(Comment.objects.bulk_create(comments))

    Takes part in the caller's transaction; if one cannot be told of, none is.

    Raises:
        HarkError: As `notify` does for what the receivers yield.
    """
    with transaction.atomic(using=database()):
        for instance in instances:
            _tell(instance, ())


def _check(receiver: Receiver) -> None:
    name = getattr(receiver, "__qualname__", repr(receiver))
    if inspect.iscoroutinefunction(receiver) or inspect.isasyncgenfunction(receiver):
        raise BadType(f"{name} may not be async: it runs while the instance is saved")
    try:
        inspect.signature(receiver).bind(None)
    except TypeError as error:
        raise BadType(f"{name} must take one argument, the new instance: {error}") from error


def _tell(instance: Model, existed: Iterable[type[Model]]) -> None:
    """Run the receivers of every model that this is a new instance of."""
    for receiver, models in tuple(_receivers.values()):
        if any(isinstance(instance, model) for model in models.difference(existed)):
            for recipients, notification in receiver(instance):
                notify(recipients, notification)


def _before_save(sender: type[Model], *, instance: Any, raw: bool, using: str, **_: Any) -> None:
    """Remember of which models the instance has a row already: a child may be added to it."""
    if not raw and instance._state.adding and sender._meta.parents:  # noqa: SLF001 (documented)
        wanted = {model for _, models in _receivers.values() for model in models}
        instance._hark_existed = {  # noqa: SLF001 (ours)
            model for model in wanted if _exists(model, instance, using)
        }


def _exists(model: type[Model], instance: Any, using: str) -> bool:
    meta = model._meta  # noqa: SLF001 (documented)
    if not isinstance(instance, model) or meta.abstract or concrete(model) is concrete(instance):
        return False
    link: Any = instance._meta.get_ancestor_link(concrete(model))  # noqa: SLF001 (documented)
    keys = (getattr(instance, meta.pk.attname), getattr(instance, link.attname))
    found = {key for key in keys if key is not None}
    return bool(found) and model._base_manager.using(using).filter(pk__in=found).exists()  # noqa: SLF001


def _saved(*, instance: Any, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        _tell(instance, instance.__dict__.pop("_hark_existed", ()))


pre_save.connect(_before_save, dispatch_uid="hark.notifies.before")
post_save.connect(_saved, dispatch_uid="hark.notifies")
