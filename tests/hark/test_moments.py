"""The relay reads time stamps quickly, and as Django does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DataError, connection
from django.db.backends.signals import connection_created
from hypothesis import given
from hypothesis import strategies as st

from hark.relay import moments

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="the loader is for PostgreSQL"
)

ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-3.5))])


@pytest.fixture
def read_quickly(transactional_db: None) -> Iterator[None]:
    moments.read_quickly()
    connection.close()
    yield
    connection_created.disconnect(dispatch_uid="hark.relay.moments")
    connection.close()


def read(moment: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [moment])
        return cursor.fetchone()[0]


@pytest.mark.usefixtures("read_quickly")
def test_a_connection_of_the_relay_reads_by_the_quick_loader() -> None:
    connection.ensure_connection()
    loader = connection.connection.adapters.get_loader(1184, 0)
    assert loader.__module__ == moments.__name__
    assert read("2026-11-22 23:52:05.12+01") == datetime(2026, 11, 22, 22, 52, 5, 120000, UTC)


@pytest.mark.usefixtures("read_quickly")
@pytest.mark.parametrize("moment", ["infinity", "0044-03-15 00:00:00+00 BC", "12026-01-01+00"])
def test_what_python_has_no_time_for_is_refused_as_django_does(moment: str) -> None:
    with pytest.raises(DataError):
        read(moment)


@given(moment=st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), zone=ZONES)  # noqa: DTZ001
def test_every_moment_is_the_one_that_django_reads(moment: datetime, zone: Any) -> None:
    from django.db.backends.postgresql.psycopg_any import BaseTzLoader

    written = moment.replace(tzinfo=UTC).isoformat(" ").encode()
    quick = moments._loader(zone)(1184, None).load(written)
    slow = BaseTzLoader(1184, None)
    slow.timezone = UTC
    assert quick == slow.load(written)
    assert quick.tzinfo is zone
