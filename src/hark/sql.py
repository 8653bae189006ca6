"""Statements for thousands of rows, which the ORM would spell with thousands of placeholders."""

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import InterfaceError, OperationalError, connections, models
from django.db.models.expressions import RawSQL
from django.db.models.sql import Query

from hark.wake import database

HASTE = ", set_config('synchronous_commit', 'off', TRUE) AS haste"
"""In a FROM: until the end of the transaction, and within the same round trip."""


@contextmanager
def isolated(using: str) -> Iterator[None]:
    """Keep a query that fails inside from spoiling the present transaction, as PostgreSQL would.

    For reading only. Where nothing is asked, or there is no transaction, it costs nothing.
    """
    connection = connections[using]
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        yield
        return
    begun = False

    def begin(execute: Any, *query: Any) -> Any:
        nonlocal begun
        if not begun:
            _run(connection, "SAVEPOINT hark_reading")
            begun = True
        return execute(*query)

    try:
        with connection.execute_wrapper(begin):
            yield
    except Exception:
        if begun:
            _run(connection, "ROLLBACK TO SAVEPOINT hark_reading")
        raise
    finally:
        if begun:
            _run(connection, "RELEASE SAVEPOINT hark_reading")


def may_pass(error: Exception) -> bool:
    """Whether an error is of the database's present state, not of what it was asked."""
    # SQLite says so as well of a table or column that it does not have.
    passing = isinstance(error, OperationalError | InterfaceError)
    return passing and not str(error).startswith("no such")


def _run(connection: Any, statement: str) -> None:
    """Run what is no query of the application's, and what it should not have to count."""
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(statement)


def keys(model: type[models.Model], values: Sequence[Any]) -> Any:
    """Return primary keys in the form in which `pk__in=` takes them fastest."""
    connection = connections[database()]
    if connection.vendor != "postgresql" or len(values) == 1:
        return values
    return RawSQL(f"SELECT unnest(%s::{key_type(model)}[])", [list(values)])  # noqa: S611 (ours)


def among(model: type[models.Model], values: Sequence[Any]) -> tuple[str, str, str, list[Any]]:
    """Return a model's table, its key's column, and the condition that the key is one of these.

    The parameters of that condition come last.
    """
    connection = connections[database()]
    key: Any = model._meta.pk  # noqa: SLF001 (public by its documentation)
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 (as above)
    column = connection.ops.quote_name(key.column)
    if connection.vendor == "postgresql":
        return table, column, f"{column} = ANY(%s::{key_type(model)}[])", [list(values)]
    places = ", ".join(["%s"] * len(values))
    prepared = [key.get_db_prep_value(value, connection) for value in values]
    return table, column, f"{column} IN ({places})", prepared


def update(
    model: type[models.Model],
    assignments: Mapping[str, str],
    values: Mapping[Any, int],
    params: Sequence[Any] = (),
    *,
    durable: bool = True,
) -> None:
    """Update many rows, each with a number of its own, by one statement.

    Args:
        assignments: SQL for each column; `given.number` is the row's own.
        values: The number of each row, by primary key.
        params: What stands for each %s in the assignments.
        durable: False if it does no harm that a crash of the database undoes it: then the commit
            does not wait for the disk.
    """
    column = model._meta.pk.column  # noqa: SLF001 (public by its documentation)
    table = model._meta.db_table  # noqa: SLF001 (public by its documentation)
    sets = ", ".join(f"{name} = {sql}" for name, sql in assignments.items())
    given, given_params = _given(model, values)
    hasty = not durable and connections[database()].vendor == "postgresql"
    sql = (
        f"WITH given (pk, number) AS ({given}) UPDATE {table} SET {sets} "  # noqa: S608 (ours)
        f"FROM given{HASTE if hasty else ''} WHERE {table}.{column} = given.pk"
    )
    with connections[database()].cursor() as cursor:
        cursor.execute(sql, [*given_params, *params])


def _given(model: type[models.Model], values: Mapping[Any, int]) -> tuple[str, Sequence[Any]]:
    connection = connections[database()]
    if connection.vendor == "postgresql":
        rows = f"SELECT * FROM unnest(%s::{key_type(model)}[], %s::bigint[])"  # noqa: S608 (ours)
        return rows, [list(values), list(values.values())]
    key: Any = model._meta.pk  # noqa: SLF001 (public by its documentation)
    pairs = ((key.get_db_prep_value(pk, connection), number) for pk, number in values.items())
    places = ", ".join(["(%s, %s)"] * len(values))
    return f"VALUES {places}", [each for pair in pairs for each in pair]


def key_type(model: type[models.Model]) -> str:
    """Return the primary key's type in the database, as a column that refers to it has it."""
    key: Any = model._meta.pk  # noqa: SLF001 (public by its documentation)
    kind: str = key.rel_db_type(connections[database()])
    return kind


def compiled(queryset: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """Return a queryset as SQL and its parameters, to be a part of a statement of our own."""
    found: tuple[str, tuple[Any, ...]] = queryset.query.get_compiler(database()).as_sql()
    return found


def rows(statement: str, params: Sequence[Any], columns: Mapping[str, Any]) -> list[Any]:
    """Run a statement; return named tuples of the values that the ORM would have.

    They take a tenth of the time of instances.

    Args:
        columns: What each column of the statement is called, and the model's field it is like.
    """
    row = _row(tuple(columns))
    compiler = Query(None).get_compiler(database())
    converters = compiler.get_converters([field.get_col("any") for field in columns.values()])
    with connections[database()].cursor() as cursor:
        cursor.execute(statement, params)
        return [
            row._make(each) for each in compiler.apply_converters(cursor.fetchall(), converters)
        ]


@cache
def _row(names: tuple[str, ...]) -> Any:
    return namedtuple("row", names)  # noqa: PYI024 (known only now)
