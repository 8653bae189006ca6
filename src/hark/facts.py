"""Facts: a notification's fields as JSON, and back.

JSON keeps text, numbers, booleans, None, lists and dicts as they are. Everything else becomes a
dict with a key that begins with a dollar sign and says what it was, such as
{"$model": "posts.comment", "pk": "7"}.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model

from hark.exceptions import NotSerializable, TooLarge
from hark.plain import NotPlain, check
from hark.types import NotificationType

MAX_BYTES = 32 * 1024

Reference = tuple[str, str]  # a model's label and a primary key as text
_NAMESPACE = uuid.UUID("6f1d3c1e-7d0d-4f6c-9d2b-2f0f7b1f5a11")

_SCALARS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("$datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("$date", date.isoformat, date.fromisoformat),
    time: ("$time", time.isoformat, time.fromisoformat),
    timedelta: ("$seconds", timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    uuid.UUID: ("$uuid", str, uuid.UUID),
    Decimal: ("$decimal", str, Decimal),
}
_READERS = {tag: read for tag, _, read in _SCALARS.values()}


class Missing(Exception):
    """A model instance that a stored fact names does not exist any more."""


def dump(notification: NotificationType) -> dict[str, Any]:
    """Return a notification's fields as JSON values.

    Raises:
        NotSerializable: A field holds what cannot be stored.
        TooLarge: All of it exceeds 32 KiB as JSON.
    """
    what = type(notification).__qualname__
    names = [field.name for field in fields(notification)]  # type: ignore[arg-type]
    try:
        params = {name: _dump(getattr(notification, name), name) for name in names}
        check(params)
        size = len(json.dumps(params))
    except NotPlain as error:
        raise NotSerializable(what, params, str(error)) from error
    except (RecursionError, ValueError) as error:  # endless nesting, thousands of digits
        raise NotSerializable(what, notification, f"cannot be written: {error}") from error
    if size > MAX_BYTES:
        raise TooLarge(f"{what}'s facts", size, MAX_BYTES)
    return params


def label(instance: Model) -> str:
    """Return how Django names the instance's model, such as "posts.comment"."""
    return instance._meta.label_lower  # noqa: SLF001 (public by its documentation)


def _dump(value: object, at: str) -> Any:
    match value:
        case None | bool() | int() | str():
            return str(value) if isinstance(value, str) else value
        case float() if value == value and abs(value) != float("inf"):  # noqa: PLR0124 (not NaN)
            return value
        case Model() if value.pk is not None:
            return {"$model": label(value), "pk": str(value.pk)}
        case list() | tuple():
            return [_dump(each, f"{at}[{index}]") for index, each in enumerate(value)]
        case dict() if all(isinstance(key, str) and key[:1] != "$" for key in value):
            return {key: _dump(each, f"{at}.{key}") for key, each in value.items()}
    if type(value) in _SCALARS:
        tag, write, _ = _SCALARS[type(value)]
        return {tag: write(value)}
    raise NotSerializable(at, value)


def identity(type_name: str, params: Mapping[str, Any]) -> uuid.UUID:
    """Return a number that is the same for the same facts, by which they are found again."""
    return uuid.uuid5(_NAMESPACE, f"{type_name} {json.dumps(params, sort_keys=True)}")


def references(params: object) -> Iterator[Reference]:
    """Yield every model instance that stored facts name."""
    match params:
        case {"$model": str(label), "pk": str(pk)}:
            yield label, pk
        case dict():
            for each in params.values():
                yield from references(each)
        case list():
            for each in params:
                yield from references(each)


def load(params: object, instances: Mapping[Reference, Model]) -> Any:
    """Undo `dump`.

    Raises:
        Missing: `instances` lacks one that the facts name.
    """
    if isinstance(params, list):
        return [load(each, instances) for each in params]
    if not isinstance(params, dict):
        return params
    if "$model" in params:
        try:
            return instances[params["$model"], params["pk"]]
        except KeyError as error:
            raise Missing from error
    for tag, read in _READERS.items():
        if tag in params:
            return read(params[tag])
    return {key: load(each, instances) for key, each in params.items()}


def fetch(wanted: Iterable[Reference], related: Mapping[str, set[str]]) -> dict[Reference, Model]:
    """Read the named instances, with one query for each model.

    Args:
        wanted: Models that were removed and rows that are gone are left out of the answer.
        related: For a model's label, the `select_related` paths to follow; wrong ones are left
            out, which `hark.E006` warns of.
    """
    by_label: dict[str, set[str]] = {}
    for label, pk in wanted:
        by_label.setdefault(label, set()).add(pk)
    found: dict[Reference, Model] = {}
    for label, pks in by_label.items():
        try:
            model: type[Model] = apps.get_model(label)
        except (LookupError, ValueError):
            continue
        keys = [key for pk in pks if (key := _key(model, pk)) is not None]
        rows = model._base_manager.filter(pk__in=keys)  # noqa: SLF001 (what relations use as well)
        if paths := [path for path in related.get(label, ()) if can_follow(model, path)]:
            rows = rows.select_related(*paths)
        found.update({(label, str(row.pk)): row for row in rows})
    return found


@cache
def can_follow(model: type[Model], path: str) -> bool:
    """Whether `select_related` takes this path from a model."""
    try:
        str(model._base_manager.select_related(path).query)  # noqa: SLF001 (as in `fetch`)
    except FieldError:
        return False
    return True


def reached(
    instances: Mapping[Reference, Model], related: Mapping[str, set[str]]
) -> Iterator[Model]:
    """Yield what `fetch` has read: the instances and what they lead to by the `related` paths."""
    for (label, _), instance in instances.items():
        yield instance
        for path in related.get(label, ()):
            if not can_follow(type(instance), path):
                continue
            step: Any = instance
            for name in path.split("__"):
                step = step and getattr(step, name)
                if step:
                    yield step


def _key(model: type[Model], pk: str) -> Any:
    """Return `pk` as the model's key; None if it is none, as after a change of the key's type."""
    try:
        return model._meta.pk.to_python(pk)  # noqa: SLF001 (public by its documentation)
    except ValidationError:
        return None
