"""System checks: what `manage.py check` says about Hark's settings."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any

import httpx
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.db.models import CharField, Model, TextField
from django.utils.module_loading import import_string

from hark import facts, site, sqlite, types
from hark.backends import backend
from hark.backends.base import Misconfigured
from hark.conf import Settings, settings
from hark.exceptions import UnknownOptions
from hark.jobs.delivery import Deliver
from hark.jobs.registry import job_of
from hark.media.base import CLASSES
from hark.models import Outbox
from hark.wake import database

KINDS = {int: "a whole number", float: "a number", str: "text"}


@register("hark")
def check_settings(**_: Any) -> Sequence[CheckMessage]:
    """Return what is wrong with the `HARK` setting."""
    try:
        given = settings()
    except UnknownOptions as error:
        hint = "Correct or remove it; the backend's own options go into HARK['OPTIONS']."
        return [Error(f"HARK has an entry that does nothing: {error}.", hint=hint, id="hark.E001")]
    except (TypeError, ValueError):
        hint = 'Write HARK = {"BACKEND": "hark.backends.centrifugo.CentrifugoBackend", …}.'
        return [Error("HARK must be a dict.", hint=hint, id="hark.E002")]
    return (
        [*_kinds(given)]
        or [*_paths(given), *_language(given)]
        or [
            *_options(),
            *_user_key(),
            *_routers(),
            *_links(given),
            *_related(),
            *_media(),
            *_driver(),
            *_sqlite(),
            *_site(given),
        ]
    )


def _kinds(given: Settings) -> Iterator[CheckMessage]:
    for each in fields(Settings):
        value: Any = getattr(given, each.name)
        default: Any = each.default
        kind = int if default is None else type(default)
        if kind not in KINDS or (value is None and default is None):
            continue
        allowed = (int, float) if kind is float else kind
        if isinstance(value, bool) or not isinstance(value, allowed):
            what = KINDS[kind]
            yield Error(f"HARK[{each.name!r}] must be {what}; it is {value!r}.", id="hark.E003")
        elif not isinstance(value, str) and (value < 0 or (value == 0 and default != 0)):
            yield Error(f"HARK[{each.name!r}] is too small: {value!r}.", id="hark.E003")
    classes = given.AUTHENTICATION_CLASSES
    if not isinstance(classes, list | tuple) or not all(isinstance(each, str) for each in classes):
        text = "HARK['AUTHENTICATION_CLASSES'] must be a list of dotted paths"
        yield Error(f"{text}; it is {classes!r}.", id="hark.E003")


def _paths(given: Settings) -> Iterator[CheckMessage]:
    paths = [(name, getattr(given, name)) for name in ("BACKEND", "ACTOR_NAME")]
    paths += [("AUTHENTICATION_CLASSES", path) for path in given.AUTHENTICATION_CLASSES]
    for name, path in paths:
        try:
            import_string(path)
        except (ImportError, AttributeError) as error:
            yield Error(f"HARK[{name!r}] cannot be imported: {error}.", id="hark.E004")


def _language(given: Settings) -> Iterator[CheckMessage]:
    name = given.USER_LANGUAGE
    if "." in name:
        try:
            import_string(name)
        except (ImportError, AttributeError) as error:
            yield Error(f"HARK['USER_LANGUAGE'] cannot be imported: {error}.", id="hark.E004")
    elif name and not hasattr(get_user_model(), name):
        yield Error(
            f"HARK['USER_LANGUAGE']: {get_user_model().__name__} has no attribute {name!r}.",
            hint="Name an attribute or method of the user, or a function by its dotted path.",
            id="hark.E004",
        )


def _options() -> Iterator[CheckMessage]:
    try:
        backend()
    except Misconfigured as error:
        hint = "See docs/hark/settings.md for the options of each backend."
        yield Error(f"The realtime backend cannot work: {error}.", hint=hint, id="hark.E005")


def _routers() -> Iterator[CheckMessage]:
    where = {
        model: router.db_for_write(model) for model in apps.get_app_config("hark").get_models()
    }
    reading = {model: router.db_for_read(model) for model in where}
    if len({*where.values(), *reading.values()}) > 1:
        yield Error(
            f"Hark's tables are written to {_listed(where)} and read from {_listed(reading)}.",
            hint="Have DATABASE_ROUTERS name one database for the app label hark, for reading as "
            "well as for writing: what was just written has to be read, and joined, at once.",
            id="hark.E009",
        )
    users = router.db_for_write(get_user_model())
    if users not in where.values():
        yield Error(
            f"Hark's tables are in {_listed(where)}, but AUTH_USER_MODEL is in {users!r}.",
            hint="Route the app label hark to the users' database: its tables refer to theirs.",
            id="hark.E009",
        )


def _listed(aliases: Mapping[Any, str]) -> str:
    return ", ".join(repr(alias) for alias in sorted({*aliases.values()}))


def _user_key() -> Iterator[CheckMessage]:
    key: Any = get_user_model()._meta.pk  # noqa: SLF001 (public by its documentation)
    while key.is_relation:  # a child of another model has that one's key
        key = key.target_field
    most: Any = Outbox._meta.get_field("subject").max_length  # noqa: SLF001 (as above)
    if isinstance(key, (CharField, TextField)) and (key.max_length or most + 1) > most:
        yield Error(
            f"A primary key of AUTH_USER_MODEL may be longer than the {most} characters that are "
            "kept of it.",
            hint=f"Give it a max_length of {most} or less, or a key of another kind.",
            id="hark.E008",
        )


def _media() -> Iterator[CheckMessage]:
    for name, medium in CLASSES.items():
        if not isinstance(job_of(name), Deliver):
            yield Error(
                f"The medium {medium.__qualname__} is called {name!r}, as a job is.",
                hint="Give it another name: its outbox rows would be taken for the job's.",
                id="hark.E010",
            )


def _links(given: Settings) -> Iterator[CheckMessage]:
    leaving = [name for name in types.names() if types.registered(name).media]
    if leaving and not given.SITE_URL:
        yield Warning(
            f"What leaves the site by a medium, of {', '.join(leaving)}, has no working links.",
            hint='Set HARK["SITE_URL"], as "https://example.org".',
            id="hark.W001",
        )


def _related() -> Iterator[CheckMessage]:
    for cls in {types.registered(name) for name in types.names()}:
        annotations = {field.name: field.type for field in fields(cls)}  # type: ignore[arg-type]
        for name, paths in cls.related.items():
            where = f"{cls.__qualname__}.related[{name!r}]"
            if name not in annotations:
                yield Error(f"{where}: the type has no such field.", id="hark.E006")
            elif model := _model(annotations[name], cls.__module__):
                for path in paths:
                    if not facts.can_follow(model, path):
                        text = f"{where}: select_related cannot follow {path!r}"
                        yield Error(f"{text} from {model.__name__}.", id="hark.E006")


def _driver() -> Iterator[CheckMessage]:
    if connections[database()].vendor != "postgresql":
        return
    from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415

    if not is_psycopg3:
        yield Error(
            "The relay listens to PostgreSQL by psycopg 3; here is psycopg2.",
            hint="pip install 'psycopg[binary]>=3.2'; Django prefers it without another setting.",
            id="hark.E007",
        )


def _sqlite() -> Iterator[CheckMessage]:
    connection = connections[database()]
    if connection.vendor != "sqlite":
        return
    if missing := list(sqlite.shortcomings(connection.settings_dict)):
        yield Warning(
            f"Requests on SQLite will fail with “database is locked”: {', '.join(missing)}.",
            hint='Give it "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL"}.',
            id="hark.W002",
        )


def _site(given: Settings) -> Iterator[CheckMessage]:
    """Say what would keep a page from its inbox, as far as the settings tell."""
    if getattr(django_settings, "ROOT_URLCONF", None):
        with suppress(ImportError, ImproperlyConfigured):  # Django's own checks name these
            if not site.api_paths():
                yield Warning(
                    "ROOT_URLCONF does not lead to Hark's API, so pages will get 404.",
                    hint='Add path("api/hark/", include("hark.api.urls")).',
                    id="hark.W003",
                )
            elif not any(each.endswith("SessionMiddleware") for each in django_settings.MIDDLEWARE):
                yield from _no_sessions()
    url = str(given.OPTIONS.get("url", ""))
    origin = site.origin() or ""
    if url.startswith("ws://") and given.SITE_URL and origin.startswith("https://"):
        yield Warning(
            f"Browsers refuse {url} to the pages of {origin}: those want wss.",
            hint="Give HARK['OPTIONS']['url'] as wss://…, and have the proxy pass it on.",
            id="hark.W005",
        )
    elif url and httpx.URL(url).host in site.LOCAL and not site.is_only_local():
        yield Warning(
            f"Browsers elsewhere cannot reach {url}: it is this machine to each of them.",
            hint="Give HARK['OPTIONS']['url'] as the address that browsers see.",
            id="hark.W005",
        )


def _no_sessions() -> Iterator[CheckMessage]:
    # Later than this module: they read REST framework's settings, which name the project's classes.
    from rest_framework.authentication import SessionAuthentication  # noqa: PLC0415

    from hark.api.reader import authentication_classes  # noqa: PLC0415

    if all(issubclass(each, SessionAuthentication) for each in authentication_classes()):
        yield Warning(
            "Nobody can call Hark's API: it lets in sessions, and MIDDLEWARE has none.",
            hint="Add Django's SessionMiddleware and AuthenticationMiddleware, or name other "
            "classes in HARK['AUTHENTICATION_CLASSES'].",
            id="hark.W004",
        )


def _model(annotation: Any, module: str) -> type[Model] | None:
    """Return the model that an annotation is, unless it takes more than a look to tell."""
    if isinstance(annotation, str):
        annotation = getattr(sys.modules[module], annotation, None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Model) else None
