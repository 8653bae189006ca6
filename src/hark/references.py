"""References: a model's label and a primary key as text, as facts and columns name an instance."""

import json
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Model

Reference = tuple[str, str]


def label(model: type[Model] | Model) -> str:
    """Return how Django names a model, such as "posts.comment"."""
    return model._meta.label_lower  # noqa: SLF001 (public by its documentation)


def concrete(model: type[Model] | Model) -> type[Model]:
    """Return the model that has the table; a proxy has none of its own."""
    found: type[Model] = model._meta.concrete_model  # type: ignore[assignment]  # noqa: SLF001
    return found


def root(model: type[Model]) -> type[Model]:
    """Return the model whose row a proxy or a multi-table child continues, key and all."""
    model = concrete(model)
    link: Any = model._meta.pk.remote_field  # noqa: SLF001 (public by its documentation)
    return root(link.model) if link and getattr(link, "parent_link", False) else model


def model_named(name: str) -> type[Model] | None:
    """Return the model of that label; None if it was removed."""
    try:
        return apps.get_model(name)
    except (LookupError, ValueError):
        return None


def write_key(model: type[Model], pk: Any) -> str:
    """Return a primary key as text, a composite one as a JSON list of texts.

    Raises:
        ValueError: It is no key of that model, or could not be read again.
    """
    fields = _key_fields(model)
    try:
        values = pk if len(fields) > 1 else (pk,)
        texts = [str(field.to_python(value)) for field, value in zip(fields, values, strict=True)]
    except (ValidationError, TypeError) as error:
        raise ValueError(f"{pk!r} is no key of {model.__name__}") from error
    text = texts[0] if len(fields) == 1 else json.dumps(texts)
    read = read_key(model, text)
    if read is None or read != read_key(model, pk):
        raise ValueError(f"the key {pk!r} of {model.__name__} cannot be written as text")
    return text


def read_key(model: type[Model], written: Any) -> Any:
    """Return the key that `write_key` wrote; None if it is none, as after a change of its type."""
    fields = _key_fields(model)
    try:
        if len(fields) == 1:
            return fields[0].to_python(written)
        parts = json.loads(written) if isinstance(written, str) else written
        return tuple(field.to_python(part) for field, part in zip(fields, parts, strict=True))
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        return None


@cache
def _key_fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(model._meta.pk_fields)  # noqa: SLF001 (Django 5.2)


def user_key(user: Any) -> Any:
    """Return the primary key that a user has as a user, whatever a child's own key is."""
    return getattr(user, get_user_model()._meta.pk.attname)  # noqa: SLF001 (as above)
