"""What a notification class must be; asked when it is registered, before any row is stored."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from hark.exceptions import BadType
from hark.media import Medium

NAME_MAX_LENGTH = 100
MAX_VERSION = 2**15 - 1  # a PositiveSmallIntegerField

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_ARGUMENTS: Mapping[str, tuple[Any, ...]] = {
    "title": (), "body": (), "url": (), "actor": (), "target": (), "data": (), "upcast": (1, {}),
}  # fmt: skip
"""What each method is called with, beside `self` or the class."""


def check_name(name: object) -> None:
    """Refuse what rows cannot store as the name of a type, a medium or a job.

    Raises:
        BadType: It is not dotted lower-case words, of 100 characters at most.
    """
    if not _is_name(name):
        raise BadType(f"{name!r} is no name: use dotted lower-case words, as post.commented")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and len(name) <= NAME_MAX_LENGTH


def is_positive(value: object) -> bool:
    """Return whether this is a whole number above 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def check_class(cls: type, base: type) -> None:
    """Refuse a class that could not be stored, or not be read again.

    Args:
        base: NotificationType.

    Raises:
        BadType: Says what to correct.
    """
    name = getattr(cls, "__qualname__", repr(cls))
    params = getattr(cls, "__dataclass_params__", None)
    if not isinstance(cls, type) or not issubclass(cls, base) or params is None:
        raise BadType(f"{name} must be a dataclass that extends NotificationType")
    if "__dataclass_params__" not in vars(cls) and vars(cls).get("__annotations__"):
        raise BadType(f"{name} must be decorated with @dataclass itself, as its parent is")
    if not params.frozen:
        raise BadType(f"{name} must be frozen: facts do not change after the fact")
    for wrong in (*_fields(cls, base), *_methods(cls), *_attributes(cls)):
        raise BadType(f"{name}: {wrong}")


def _fields(cls: Any, base: type) -> Iterator[str]:
    names = [field.name for field in fields(cls)]
    for name in names:
        if hasattr(base, name):
            yield f"the field {name!r} hides the attribute of that name of every notification type"
    try:
        inspect.signature(cls).bind(**dict.fromkeys(names))
    except TypeError as error:
        yield f"it cannot be made of its fields again, as stored ones are: {error}"


def _methods(cls: Any) -> Iterator[str]:
    if missing := sorted(getattr(cls, "__abstractmethods__", ())):
        yield f"write {missing[0]}(); every notification type needs it"
        return
    blank = object.__new__(cls)  # binds the methods, and none is called
    for name, arguments in _ARGUMENTS.items():
        method = getattr(cls, name)
        if not callable(method):
            yield f"{name} must be a method; it is {type(method).__name__}"
            continue
        if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
            yield f"{name}() must return its value; it may be neither async nor a generator"
        try:
            inspect.signature(getattr(blank, name)).bind(*arguments)
        except (TypeError, ValueError) as error:
            wanted = f"{len(arguments)} arguments" if arguments else "no arguments"
            yield f"{name}() must take {wanted}: {error}"
    if not isinstance(inspect.getattr_static(cls, "upcast"), classmethod | staticmethod):
        yield "upcast must be a classmethod, since it runs before there is an instance"


def _attributes(cls: Any) -> Iterator[str]:
    version, related, media = cls.version, cls.related, cls.media
    if type(version) is not int or not 0 <= version <= MAX_VERSION:
        yield f"version must be a number from 0 to {MAX_VERSION:,}; it is {version!r}"
    if not isinstance(related, Mapping) or not all(map(_is_paths, related.values())):
        yield f"related must be a dict from a field to a tuple of paths; it is {related!r}"
    if not isinstance(media, list | tuple) or not all(isinstance(each, Medium) for each in media):
        yield f"media must be a tuple of media, as (Email(),); it is {media!r}"
    else:
        yield from (wrong for medium in media for wrong in _medium(medium))


def _medium(medium: Medium) -> Iterator[str]:
    what, wait = type(medium).__name__, medium.wait
    if not _is_name(medium.name):
        yield f"the medium {what} needs a name of dotted lower-case words; it is {medium.name!r}"
    if not isinstance(wait, timedelta) or wait < timedelta(0):
        yield f"how long the medium {what} waits must be a timedelta, not negative; it is {wait!r}"
    if not is_positive(medium.batch_size):
        yield f"the medium {what} needs a positive batch_size; it is {medium.batch_size!r}"
    try:
        hash(medium)
    except TypeError:
        yield f"the medium {what} must be a frozen dataclass with hashable values; it is {medium!r}"


def _is_paths(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(
        isinstance(path, str) for path in value
    )
