"""Rows of which a column cannot be read: broken JSON, or a time that Python cannot hold."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from hark import sql

if TYPE_CHECKING:
    Rows = ModelIterable[Any]
else:
    Rows = ModelIterable

logger = logging.getLogger(__name__)


class Salvaged(Rows):
    """A queryset's rows; what cannot be read of one is None, and costs no other row."""

    def __iter__(self) -> Iterator[Any]:
        rows: QuerySet[Any] = self.queryset
        try:
            with sql.isolated(rows.db):
                found = list(super().__iter__())
        except Exception as error:
            if sql.may_pass(error):
                raise
            keys = list(rows.values_list("pk", flat=True))
            found = [row for pk in keys for row in _salvaged(rows.model, rows.db, pk)]
        yield from found


def salvaged(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return these rows so that each is read as far as it can be."""
    rows = rows.all()
    rows._iterable_class = Salvaged  # noqa: SLF001 (nothing public sets it)
    return rows


def _salvaged(model: type[Model], using: str, pk: Any) -> list[Any]:
    """Return the row of that key; none if it is gone."""
    rows = model._base_manager.using(using).filter(pk=pk)  # noqa: SLF001 (as relations do)
    try:
        with sql.isolated(using):
            return list(rows)
    except Exception:
        logger.exception("A column of %s %s cannot be read", model.__name__, pk)
    names = [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 (documented)
    return [model.from_db(using, names, [_value(rows, name) for name in names])]


def _value(rows: QuerySet[Any], name: str) -> Any:
    try:
        with sql.isolated(rows.db):
            return rows.values_list(name, flat=True).first()
    except Exception:  # the one that was logged
        return None
