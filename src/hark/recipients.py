"""Recipients: whoever was named, by primary key, each once and nobody else."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from hark.exceptions import NotARecipient
from hark.references import concrete, user_key

Recipients = AbstractBaseUser | Iterable[AbstractBaseUser] | QuerySet[Any]

CHUNK = 1000
"""Rows that are read at once."""


def primary_keys(recipients: Recipients) -> Iterator[Any]:
    """Yield each recipient's primary key once; a plain queryset's without holding them all.

    Raises:
        NotARecipient: Something among them is no saved user. Raised when it is met.
    """
    if isinstance(recipients, concrete(get_user_model())):
        recipients = [recipients]
    if isinstance(recipients, QuerySet):
        _check(recipients)
        if _can_be_rewritten(recipients):
            # Neighbours in the indexes are written together.
            key = get_user_model()._meta.pk.name  # noqa: SLF001 (public by its documentation)
            keys = recipients.prefetch_related(None).values_list(key, flat=True)
            yield from keys.order_by(key).distinct().iterator(CHUNK)
            return
        recipients = _as_written(recipients)
    if not isinstance(recipients, Iterable):
        raise NotARecipient(recipients)
    met: set[Any] = set()
    for user in recipients:
        if not is_saved_user(user):
            raise NotARecipient(user)
        key = user_key(user)
        if key not in met:
            met.add(key)
            yield key


def is_saved_user(user: object) -> bool:
    """Whether it is a user who is in the database; proxies and children are users as well."""
    if not isinstance(user, concrete(get_user_model())) or user_key(user) is None:
        return False
    return not user._state.adding  # noqa: SLF001 (public by its documentation)


def _check(queryset: QuerySet[Any]) -> None:
    if queryset._iterable_class is not ModelIterable:  # noqa: SLF001 (nothing public tells)
        raise NotARecipient(queryset.model, "rows of values() or values_list(): leave that out")
    for model in _models(queryset.query):
        if not issubclass(model, concrete(get_user_model())):
            raise NotARecipient(model)


def _models(query: Any) -> Iterator[type[Model]]:
    """Yield what a query reads; a union shows all its rows as the first one's model."""
    yield query.model
    for each in query.combined_queries:
        yield from _models(each)


def _can_be_rewritten(queryset: QuerySet[Any]) -> bool:
    """Whether other columns and another order leave its rows as they are."""
    query = queryset.query
    return not (
        queryset._result_cache is not None  # noqa: SLF001 (nothing public tells)
        or query.is_sliced
        or query.combinator
        or query.distinct_fields
        or query.select_for_update  # DISTINCT locks nothing, and SKIP LOCKED leaves some out
    )


def _as_written(queryset: QuerySet[Any]) -> Iterable[Any]:
    """Return the users whom the caller saw, if they have looked; else as they come."""
    if queryset._result_cache is not None:  # noqa: SLF001 (nothing public tells)
        return queryset
    return queryset.iterator(CHUNK)
