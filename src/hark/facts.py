"""Facts: a notification's fields as JSON, and back.

JSON keeps text, numbers, booleans, None, lists and dicts as they are. Everything else becomes a
dict with a key that begins with a dollar sign and says what it was, such as
{"$model": "posts.comment", "pk": "7"}.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any

from django.core.exceptions import FieldError
from django.db import OperationalError, ProgrammingError, router
from django.db.models import Model, QuerySet

from hark import identity as identities
from hark.exceptions import NotSerializable, TooLarge
from hark.plain import NotPlain, check, described, size
from hark.references import Reference, label, model_named, read_key, write_key
from hark.sql import isolated, may_pass
from hark.types import NotificationType

logger = logging.getLogger(__name__)

MAX_BYTES = 32 * 1024

_TICK = timedelta(microseconds=1)
_PLAIN: dict[type, Callable[[Any], Any]] = {
    bool: bool,
    str: str.__str__,  # of a (str, Enum) its text, whatever its own `__str__` says
    int: int.__int__,
    float: float.__float__,
}
_SCALARS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("$datetime", datetime.isoformat, datetime.fromisoformat),  # before date: it is one
    date: ("$date", date.isoformat, date.fromisoformat),
    time: ("$time", time.isoformat, time.fromisoformat),
    timedelta: ("$microseconds", lambda span: span // _TICK, lambda count: count * _TICK),
    uuid.UUID: ("$uuid", str, uuid.UUID),
    Decimal: ("$decimal", str, Decimal),
}
_READERS = {tag: read for tag, _, read in _SCALARS.values()}


class Missing(Exception):
    """A model instance that a stored fact names does not exist any more."""


def dump(notification: NotificationType, *, unsaved: bool = False) -> dict[str, Any]:
    """Return a notification's fields as JSON values.

    Args:
        unsaved: Whether instances may be named that were never saved, by their key alone.

    Raises:
        NotSerializable: A field holds what cannot be stored, or not be read again.
        TooLarge: All of it exceeds 32 KiB as JSON in UTF-8.
    """
    what = type(notification).__qualname__
    names = [field.name for field in fields(notification)]  # type: ignore[arg-type]
    try:
        params = {name: _dump(getattr(notification, name), name, unsaved) for name in names}
        check(params)
        taken = size(params)
    except NotPlain as error:
        raise NotSerializable(what, params, str(error)) from error
    except (RecursionError, ValueError) as error:  # endless nesting, thousands of digits
        raise NotSerializable(what, notification, f"cannot be written: {error}") from error
    if taken > MAX_BYTES:
        raise TooLarge(f"{what}'s facts", taken, MAX_BYTES)
    return params


def _dump(value: Any, at: str, unsaved: bool) -> Any:
    match value:
        case None:
            return None
        case Model():
            return _dump_instance(value, at, unsaved)
        case tuple() if hasattr(value, "_fields"):
            raise NotSerializable(at, value, "holds a named tuple, which would lose its names")
        case list() | tuple():
            return [_dump(each, f"{at}[{index}]", unsaved) for index, each in enumerate(value)]
        case dict() if all(isinstance(key, str) and key[:1] != "$" for key in value):
            return {
                str.__str__(key): _dump(each, f"{at}.{key}", unsaved) for key, each in value.items()
            }
    return _dump_scalar(value, at)


def _dump_scalar(value: Any, at: str) -> Any:
    if not _is_finite(value):
        raise NotSerializable(at, value, f"holds {value}, which is no number")
    for kind, plain in _PLAIN.items():
        if issubclass(type(value), kind):
            return plain(value)
    for kind, (tag, write, _) in _SCALARS.items():
        if isinstance(value, kind):
            return {tag: write(value)}
    if isinstance(value, Enum):
        name = type(value).__name__
        reason = f"holds a {name}; store its value, or make {name} a StrEnum or IntEnum"
        raise NotSerializable(at, value, reason)
    raise NotSerializable(at, value)


def _is_finite(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return not isinstance(value, float) or isfinite(value)


def _dump_instance(instance: Model, at: str, unsaved: bool) -> dict[str, str]:
    if instance.pk is None or (instance._state.adding and not unsaved):  # noqa: SLF001 (documented)
        reason = f"holds a {type(instance).__name__} that is not saved, or is deleted"
        raise NotSerializable(at, instance, reason)
    try:
        # Not type(): `request.user` is a lazy object that says of itself what it stands for.
        return {"$model": label(instance), "pk": write_key(instance.__class__, instance.pk)}
    except ValueError as error:
        raise NotSerializable(at, instance, f"cannot be stored: {error}") from error


def identity(type_name: str, params: Mapping[str, Any]) -> uuid.UUID:
    """Return a number that is the same for equal facts, by which they are found again."""
    return identities.identity(type_name, params, _READERS)


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


class Subjects(dict[Reference, Model]):
    """The model instances that `fetch` found, and why others could not be read."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[Reference, str] = {}


def fetch(wanted: Iterable[Reference], related: Mapping[str, set[str]]) -> Subjects:
    """Read the named instances, with one query for each model.

    What cannot be read (its table is missing, its key does not fit any more, its row is damaged)
    keeps no other from being read.

    Args:
        wanted: Models that were removed and rows that are gone are left out of the answer.
        related: For a model's label, the `select_related` paths to follow; wrong ones are left
            out, which `hark.E006` warns of.

    Raises:
        OperationalError, InterfaceError: The database is away, or the like: it may pass.
    """
    by_label: dict[str, set[str]] = {}
    for name, pk in wanted:
        by_label.setdefault(name, set()).add(pk)
    subjects = Subjects()
    for name, pks in by_label.items():
        if (model := model_named(name)) is None:
            continue
        # Not from a replica, which may not have yet what has just been written.
        using = router.db_for_write(model)
        rows = model._base_manager.using(using)  # noqa: SLF001 (what relations use as well)
        if paths := [path for path in related.get(name, ()) if can_follow(model, path)]:
            rows = rows.select_related(*paths)
        _read(rows, name, sorted(pks), subjects)
    return subjects


def _read(rows: QuerySet[Any], name: str, pks: Sequence[str], into: Subjects) -> None:
    """Read the rows with these keys; halve what fails, again and again, to find what is to blame.

    Args:
        name: The model's label.
    """
    spellings: dict[Any, list[str]] = {}  # equal keys may be written in several ways
    for pk in pks:
        if (key := read_key(rows.model, pk)) is None:
            into.errors[name, pk] = f"{pk!r} is no key of {name}"
        else:
            spellings.setdefault(key, []).append(pk)
    try:
        with isolated(rows.db):
            found = list(rows.filter(pk__in=list(spellings)))
    except Exception as error:
        if may_pass(error):
            raise
        if len(pks) > 1 and not isinstance(error, OperationalError | ProgrammingError):
            for half in (pks[: len(pks) // 2], pks[len(pks) // 2 :]):
                _read(rows, name, half, into)
            return
        # One row; or the table, which is the same for all.
        logger.warning("Cannot read %d of %s: %s", len(pks), name, described(error))
        into.errors.update({(name, pk): f"{name} {pk}: {described(error)}" for pk in pks})
    else:
        into.update({(name, pk): row for row in found for pk in spellings.get(row.pk, ())})


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
    for (model, _), instance in instances.items():
        yield instance
        for path in related.get(model, ()):
            if not can_follow(type(instance), path):
                continue
            step: Any = instance
            for name in path.split("__"):
                # Without one, the reverse of a one-to-one relation raises an AttributeError.
                step = getattr(step, name, None)
                if step is None:
                    break
                yield step
