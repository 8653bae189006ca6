"""What tests start must not outlive them, however they end."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests import leash

SLEEP = [sys.executable, "-c", "input()"]


@pytest.mark.skipif(sys.platform != "linux", reason="watching needs pidfd_open, which is Linux's")
def test_what_is_on_a_leash_ends_with_its_holder() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(SLEEP, stdin=pipe) as holder:
        command = [sys.executable, leash.__file__, str(holder.pid), *SLEEP]
        with subprocess.Popen(command, stdin=pipe) as held:
            holder.kill()
            assert held.wait(10) == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="watching needs pidfd_open, which is Linux's")
def test_a_leash_leaves_nothing_behind_and_no_one_else_harmed() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(SLEEP, stdin=pipe) as holder:
        command = [sys.executable, leash.__file__, str(holder.pid), *SLEEP]
        with subprocess.Popen(command, stdin=pipe) as held:
            watchers = psutil.Process(held.pid).children
            while not (watching := watchers()):
                pass
            held.communicate(b"\n")
            assert held.returncode == 0
        _, alive = psutil.wait_procs(watching, timeout=10)
        assert (alive, holder.poll()) == ([], None)
        holder.communicate(b"\n")
