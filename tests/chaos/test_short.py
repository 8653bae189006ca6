"""A short run of the proof, with every fault once; `make chaos` is the long one."""

import subprocess
import sys

import pytest

from social.development import ROOT

COMMAND = (
    *(sys.executable, "-m", "tests.chaos"),
    *("--people", "25", "--comments", "200", "--seconds", "10", "--faults", "1"),
)


@pytest.mark.timeout(300)  # on a busy machine everything starts slowly
def test_nothing_is_lost_or_shown_twice_while_everything_is_killed_once() -> None:
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing lost" in done.stdout
