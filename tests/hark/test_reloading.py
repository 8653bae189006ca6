"""In development the relay runs the code that is there; a deployment what it began with."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hark.relay.reloading import INTERVAL

pytestmark = pytest.mark.own_databases


SECONDS = 60.0
ROOT = Path(__file__).resolve().parent.parent.parent

SETTINGS = """
from tests.settings import *

DEBUG = {debug}
INSTALLED_APPS = [*INSTALLED_APPS, "reloaded"]
HARK = {{"BACKEND": "tests.hark.recording.RecordingBackend"}}
"""


class Running:
    """A relay of a project with one application, whose code a test can change."""

    def __init__(self, folder: Path, *, debug: bool) -> None:
        self._module = folder / "reloaded/notifications.py"
        self._module.parent.mkdir()
        (folder / "reloaded/__init__.py").touch()
        (folder / "reloading_settings.py").write_text(SETTINGS.format(debug=debug))
        self.write("print('one', flush=True)")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "hark", "relay"],
            cwd=ROOT,
            env=os.environ
            | {
                "PYTHONPATH": str(folder),
                "DJANGO_SETTINGS_MODULE": "reloading_settings",
                "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def write(self, code: str) -> None:
        self._module.write_text(f"{code}\n")

    def says(self, words: str) -> bool:
        """Whether it says this, now or within a minute."""
        with self._changed:
            return self._changed.wait_for(
                lambda: any(words in each for each in self.lines), SECONDS
            )

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as said:
            for line in said:
                with self._changed:
                    self.lines.append(line)
                    self._changed.notify_all()


@pytest.fixture
def in_development(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, debug=True)
    yield running
    running.end()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, debug=False)
    yield running
    running.end()


def test_a_relay_in_development_runs_what_was_edited(in_development: Running) -> None:
    assert in_development.says("hark relay: delivering")
    in_development.write("print('two', flush=True)")
    assert in_development.says("two")


def test_code_that_does_not_load_leaves_the_old_at_work(in_development: Running) -> None:
    assert in_development.says("hark relay: delivering")
    in_development.write("print('two', flush=True")
    assert in_development.says("SyntaxError")
    assert in_development.process.poll() is None
    in_development.write("print('three', flush=True)")
    assert in_development.says("three")


def test_a_deployed_relay_keeps_the_code_that_it_was_started_with(deployed: Running) -> None:
    assert deployed.says("hark relay: delivering")
    deployed.write("print('two', flush=True)")
    time.sleep(4 * INTERVAL)  # in which it would have noticed
    deployed.end()
    assert deployed.says("hark relay: stopped")
    assert "two\n" not in deployed.lines
