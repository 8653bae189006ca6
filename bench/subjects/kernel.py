"""The yardsticks: the least that an operation can cost, in C where there is a compiler."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bench.load.dialogues import Door
from bench.processes import ServerProcess, free_port
from bench.results import Role
from bench.subjects.running import Running, Subject

_FOLDER = Path(__file__).parent
_BUILT = _FOLDER.parent.parent / ".data" / "bench" / "kernel"


@cache
def _command() -> tuple[str, ...]:
    compiler = shutil.which("cc")
    if compiler is None:
        return (sys.executable, str(_FOLDER / "bare.py"))
    _BUILT.parent.mkdir(parents=True, exist_ok=True)
    source = str(_FOLDER / "kernel.c")
    subprocess.run([compiler, "-O2", "-o", str(_BUILT), source], check=True)
    return (str(_BUILT),)


def language() -> str:
    return "C" if len(_command()) == 1 else "Python"


@contextmanager
def run_send_loop(clients: int) -> Iterator[Running]:
    """Run the loop of plain send() calls over `clients` sockets."""
    port = free_port()
    command = [*_command(), "fan-out", str(port), str(clients)]
    with ServerProcess("send-loop", command, port=port, environment=os.environ) as server:
        door = Door(port=port, kind="bare", framed=True)

        def publish_all(payloads: Sequence[bytes]) -> None:
            server.write(b"".join(b"0 %d %b\n" % (clients, payload) for payload in payloads))

        yield Running([server], door, publish_all)


@contextmanager
def run_answers(replies: Sequence[bytes], door: Door) -> Iterator[Running]:
    """Run a server that reads whatever comes and answers with `replies`, one after the other."""
    port = free_port()
    command = [*_command(), "answer", str(port)]
    with ServerProcess("answers", command, port=port, environment=os.environ) as server:
        server.write(b"%d\n" % len(replies))
        for reply in replies:
            server.write(b"%d\n%b" % (len(reply), reply))
        yield Running([server], door.at(port))


def send_loop() -> Subject:
    return Subject(f"send() loop in {language()}", Role.YARDSTICK, run_send_loop)
