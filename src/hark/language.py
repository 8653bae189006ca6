"""Which language each person reads: in the API, in what is pushed, in e-mail, everywhere the same.

It is what HARK["USER_LANGUAGE"] says; else what their last page used, which `connect/` keeps; else
LANGUAGE_CODE. What a single request prefers does not count, or else a text would change between
the push that brought it and the page that shows it again.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string
from django.utils.translation import get_language, get_supported_language_variant

from hark import sql
from hark.conf import settings
from hark.models import Inbox
from hark.wake import database

logger = logging.getLogger(__name__)


def keep(user_id: Any) -> None:
    """Remember the language of the page that is asking now."""
    code = _supported(get_language())
    if not code or Inbox.objects.filter(pk=user_id, language=code).exists():
        return
    Inbox.objects.bulk_create(
        [Inbox(pk=user_id, language=code)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["language"],
    )


def languages_of(owners: Collection[Any]) -> dict[Any, str]:
    """Return the code of the language that each of these people reads."""
    inboxes = (
        Inbox.objects.filter(pk__in=sql.keys(Inbox, list(owners)))
        if owners
        else Inbox.objects.none()
    )
    kept = dict(inboxes.values_list("pk", "language"))
    return chosen({owner: kept.get(owner, "") for owner in owners})


def chosen(kept: Mapping[Any, str]) -> dict[Any, str]:
    """Return the code of the language that each of these people reads.

    Args:
        kept: What their last pages used, by owner; empty for those who had none.
    """
    own = _own_choices(list(kept)) if settings().USER_LANGUAGE and kept else {}
    return {
        owner: own.get(owner) or _supported(code) or django_settings.LANGUAGE_CODE
        for owner, code in kept.items()
    }


def _own_choices(owners: list[Any]) -> dict[Any, str]:
    user_model = get_user_model()
    rows = user_model._base_manager.filter(pk__in=sql.keys(user_model, owners))  # noqa: SLF001
    return {user.pk: _own_choice(user) for user in rows}


def _own_choice(user: Any) -> str:
    try:
        with sql.isolated(database()):
            return _supported(_ask(settings().USER_LANGUAGE, user))
    except Exception:  # the application's code: one user must not spoil what others are told
        logger.exception("HARK['USER_LANGUAGE'] fails for the user %s", user.pk)
        return ""


def _ask(name: str, user: Any) -> Any:
    """Call the function of that dotted path, or read the user's attribute of that name."""
    if "." in name:
        return import_string(name)(user)
    value = getattr(user, name)
    return value() if callable(value) else value


def _supported(code: Any) -> str:
    """Return the nearest of LANGUAGES, as "de" for "de-at"; none if there is none."""
    try:
        return get_supported_language_variant(str(code)) if code else ""
    except LookupError:
        return ""
