"""Rendering: stored facts become what a screen shows, late, in its owner's language; never fails.

All subjects and actors of a page are read together, a query for each model, whatever its length.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from hark import facts
from hark.conf import settings
from hark.instants import aware
from hark.language import languages_of
from hark.links import is_path
from hark.plain import check_text, described, plain
from hark.references import Reference, label, user_key, write_key
from hark.sql import isolated
from hark.types import NotificationType, label_of, type_named
from hark.wake import database

logger = logging.getLogger(__name__)


SHOWN = (
    "pk", "user_id", "type", "version", "actor", "params", "facts", "modseq",
    "created_at", "seen_at", "read_at", "archived_at", "deleted_at",
)  # fmt: skip
"""The columns that showing a notification takes."""


class Actor(TypedDict):
    """Who did it, as others may see them."""

    id: str
    name: str


class Item(TypedDict):
    """A notification as clients get it, in the API and in what is pushed."""

    id: int
    type: str
    title: str
    body: str
    url: str
    actor: Actor | None
    created_at: str | None
    seen_at: str | None
    read_at: str | None
    archived_at: str | None
    deleted_at: str | None
    modseq: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a type makes of its facts."""

    title: str
    body: str = ""
    url: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why these are not the type's own words, if they are not."""


def items(rows: Sequence[Any], languages: Mapping[Any, str] | None = None) -> list[Item]:
    """Return what to show for these rows, in their order; the arguments are those of Page."""
    page = Page(rows, languages)
    return [page.item(row) for row in rows]


class Page:
    """Some notifications with all that their texts need.

    Args:
        rows: Notifications, or rows with the columns SHOWN.
        languages: The code of each owner's language; None: look them up.
    """

    def __init__(self, rows: Sequence[Any], languages: Mapping[Any, str] | None = None) -> None:
        self._languages = (
            languages_of({row.user_id for row in rows}) if languages is None else languages
        )
        alive = {row.facts: row for row in rows if row.deleted_at is None}
        self._params = {each: _current(row) for each, row in alive.items()}
        self._wanted = {each: _references(params) for each, params in self._params.items()}
        paths = _paths(alive.values(), self._params)
        self._subjects = facts.fetch(set().union(*self._wanted.values()), paths)
        self._users = _users(
            {row.actor for row in rows if row.actor and row.deleted_at is None},
            facts.reached(self._subjects, paths),
        )
        self._texts: dict[tuple[Any, str], Text] = {}
        self._names: dict[tuple[str, str], str] = {}

    def item(self, row: Any) -> Item:
        """Return one of the rows as clients get it; of a deleted one only that it was there."""
        gone = row.deleted_at is not None
        text = Text(title="") if gone else self.text(row)
        return {
            "id": row.pk,
            "type": row.type,
            "title": text.title,
            "body": text.body,
            "url": text.url,
            "actor": None if gone else self._actor(row),
            "created_at": _iso(row.created_at),
            "seen_at": _iso(row.seen_at),
            "read_at": _iso(row.read_at),
            "archived_at": _iso(row.archived_at),
            "deleted_at": _iso(row.deleted_at),
            "modseq": row.modseq or 0,
            "data": text.data,
        }

    def text(self, row: Any) -> Text:
        """Return the type's words, or its label if it cannot say them."""
        language = self._languages[row.user_id]
        if (row.facts, language) not in self._texts:
            with override(language):
                self._texts[row.facts, language] = self._make(row)
        return self._texts[row.facts, language]

    def _actor(self, row: Any) -> Actor | None:
        if row.actor not in self._users:
            return None
        language = self._languages[row.user_id]
        if (row.actor, language) not in self._names:
            with override(language):
                self._names[row.actor, language] = _name(self._users[row.actor])
        return {"id": row.actor, "name": self._names[row.actor, language]}

    def _make(self, row: Any) -> Text:
        try:
            with isolated(database()):
                return self._say(row)
        except facts.Missing:
            errors = self._subjects.errors
            wanted = sorted(self._wanted[row.facts])
            return self._fallback(row, "; ".join(errors[each] for each in wanted if each in errors))
        except Exception as error:  # a type is the application's code: one must not spoil a page
            logger.exception("The type %s cannot be shown (notification %s)", row.type, row.pk)
            return self._fallback(row, described(error))

    def _say(self, row: Any) -> Text:
        cls = type_named(row.type)
        if cls is None:
            raise facts.Missing
        said: NotificationType = cls(**facts.load(self._params[row.facts], self._subjects))
        title, body, url = (_text(said, name) for name in ("title", "body", "url"))
        if not title.strip():
            raise ValueError(f"{cls.__qualname__}.title() returned no text")
        if url and not is_path(url):
            logger.warning("%s leads to %.200r, which is no path of this site", row.type, url)
            url = ""
        return Text(title=title, body=body, url=url, data=plain(said.data()))

    def _fallback(self, row: Any, error: str = "") -> Text:
        actor = self._actor(row)
        title = str(label_of(row.type))
        if actor:
            title = _("{who}: {what}").format(who=actor["name"], what=title)
        return Text(title=title, error=error)


def _text(said: NotificationType, method: str) -> str:
    """Return what a method says: text, or text that is yet to be translated."""
    text = getattr(said, method)()
    if not isinstance(text, str | Promise):
        where = f"{type(said).__qualname__}.{method}()"
        raise TypeError(f"{where} must return text; got {type(text).__name__}")
    plain_text = str(text)
    check_text(plain_text)
    return plain_text


def _current(row: Any) -> Any:
    """Return the stored facts in the form that the present type expects."""
    cls = type_named(row.type)
    params: dict[str, Any] = row.params
    if cls is None or cls.version == row.version:
        return params
    try:
        present: dict[str, Any] = {**cls.upcast(row.version, dict(params))}
        return present
    except Exception:  # as above: `_say` fails on the old facts, and shows the label
        logger.exception("%s cannot upcast version %s", row.type, row.version)
        return params


def _references(params: object) -> set[Reference]:
    try:
        return set(facts.references(params))
    except RecursionError:  # `_say` fails as well, and shows the label
        return set()


def _iso(moment: datetime | None) -> str | None:
    """Write a time as the API does: everywhere alike, as clients compare what is pushed with it."""
    if moment is None:
        return None
    return aware(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _paths(rows: Iterable[Any], params: Mapping[Any, Any]) -> dict[str, set[str]]:
    """Return the `select_related` paths that the rows' types ask for, by model."""
    paths: dict[str, set[str]] = {}
    for row in rows:
        cls = type_named(row.type)
        stored = params[row.facts]
        if not isinstance(stored, dict):  # damaged: `_say` fails, and shows the label
            continue
        for name, wanted in cls.related.items() if cls else ():
            for model, _pk in _references(stored.get(name)):
                paths.setdefault(model, set()).update(wanted)
    return paths


def _users(keys: set[str], at_hand: Iterable[Model]) -> dict[str, Model]:
    """Return the users of these keys, for as long as they have an account.

    Args:
        at_hand: What has been read already: who did it is often among that.
    """
    if not keys:
        return {}
    user_model = get_user_model()
    users: dict[str, Model] = {
        write_key(user_model, user_key(each)): each
        for each in at_hand
        if isinstance(each, user_model)
    }
    rest = facts.fetch({(label(user_model), key) for key in keys - users.keys()}, {})
    users |= {key: user for (_, key), user in rest.items()}
    return {key: users[key] for key in keys & users.keys()}


def _name(user: Model) -> str:
    """Return what others may see of a user's name."""
    try:
        name = str(import_string(settings().ACTOR_NAME)(user))
        check_text(name)
    except Exception:  # the application's code again
        logger.exception("HARK['ACTOR_NAME'] fails for the user %s", user.pk)
        return _("Someone")
    return name
