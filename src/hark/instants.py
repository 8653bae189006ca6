"""Instants: aware in all that leaves the process, and in columns as USE_TZ has them."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import functions
from django.utils import timezone
from django.utils.deconstruct import deconstructible


def now() -> datetime:
    """Return the present, aware, whatever USE_TZ says."""
    return datetime.now(UTC)


def aware(stored: datetime) -> datetime:
    """Return what a column says as an aware instant: without USE_TZ it is in TIME_ZONE."""
    return timezone.make_aware(stored) if timezone.is_naive(stored) else stored


def stored(instant: datetime) -> datetime:
    """Return an aware instant as columns take it: naive, in TIME_ZONE, without USE_TZ."""
    return instant if settings.USE_TZ else timezone.make_naive(instant)


@deconstructible(path="django.db.models.functions.datetime.Now")
class Now(functions.Now):
    """The database's present, comparable with columns where they have no zone as well."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return SQLite's present, which is in UTC unless one asks for another zone."""
        local = "" if settings.USE_TZ else ", 'LOCALTIME'"
        template = f"STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW'{local})"
        return self.as_sql(compiler, connection, template=template, **extra)
