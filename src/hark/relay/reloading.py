"""In development: the relay starts anew when code changes, as `runserver` does. Never deployed."""

import logging
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from django.utils import autoreload

INTERVAL = 1.0
"""Seconds between two looks at the files."""

logger = logging.getLogger(__name__)


class Watch:
    """Looks at the files of all modules that are imported, in a thread of its own.

    Args:
        stop: Called once when one has changed, and `manage.py check` passes with it. Until then the
            relay goes on with the code that it has.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.changed = False
        self._stop = stop
        self._known = _times()
        threading.Thread(target=self._run, name="hark-reload", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(INTERVAL):
            present = _times()
            # What is not known was imported since, and is no change.
            changed = [
                path for path, time in present.items() if self._known.get(path, time) != time
            ]
            self._known |= present
            if changed and _passes(changed[0]):
                self.changed = True
                self._stop()
                return


def start_anew() -> None:
    """Become a new process with the same number and arguments."""
    command = autoreload.get_child_arguments()
    os.execv(command[0], command)


def _times() -> dict[Path, float]:
    times = {}
    for path in autoreload.iter_all_python_module_files():
        try:
            times[path] = path.stat().st_mtime
        except OSError:  # it was removed, or is just being replaced
            continue
    return times


def _passes(changed: Path) -> bool:
    """Whether the project can be loaded as it is now; a relay that cannot start would be gone."""
    command = autoreload.get_child_arguments()
    command = [*command[: command.index("hark")], "check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if checked.returncode:
        logger.error("%s changed, but does not pass `check`:\n%s", changed, checked.stderr)
        return False
    logger.info("%s changed: the relay starts anew", changed)
    return True
