"""The whole application in real processes on a throw-away database, for tests and benchmarks."""

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from social import postgres
from social.development import ROOT, SECRETS, fill
from social.run.processes import Service, stop_all
from social.run.services import describe_services

START_SECONDS = 60.0


@dataclass(frozen=True)
class Stack:
    """A running application.

    Attributes:
        url: Where the web server answers, without a slash at the end.
        environment: What its processes were started with.
    """

    url: str
    environment: dict[str, str]
    services: dict[str, Service]

    def kill(self, name: str) -> None:
        """End one process as a crash would."""
        self.services[name].kill()

    def start(self, name: str) -> None:
        self.services[name].start()
        self.services[name].wait_until_it_answers(START_SECONDS)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Do the block's work while one process is dead, and start it again after."""
        self.kill(name)
        yield
        self.start(name)

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """Do the block's work while one process is stopped, its connections open."""
        process = self.services[name].process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def manage(self, *arguments: str) -> str:
        """Run a management command against the same database; return what it printed."""
        return run_manage(self.environment, *arguments)


@contextmanager
def running_stack(folder: Path, **environment: str) -> Iterator[Stack]:
    """Start everything, with all files in `folder`; stop it all at the end of the block."""
    port, gateway_port = free_ports(2)
    everything = prepared(folder, PORT=str(port), GATEWAY_PORT=str(gateway_port), **environment)
    run_manage(everything, "migrate", "--verbosity", "0")
    services = {service.name: service for service in describe_services(everything, data=folder)}
    stack = Stack(f"http://localhost:{port}", everything, services)
    try:
        for name in services:
            stack.start(name)
        yield stack
    finally:
        stop_all(services.values())


def prepared(folder: Path, **environment: str) -> dict[str, str]:
    """Return the environment of the processes: a database, secrets, mail into `folder`."""
    everything = {
        **inherited(),
        "DJANGO_SETTINGS_MODULE": "social.settings",
        "DJANGO_DEBUG": "1",
        "DATABASE_URL": environment.get("DATABASE_URL") or postgres.start(),
        "EMAIL_FILE_PATH": str(folder / "mail"),
        **environment,
    }
    fill(everything, {name: secrets.token_urlsafe(32) for name in SECRETS})
    return everything


def inherited() -> dict[str, str]:
    """Return our own environment without keys of PubNub's and what else chooses a backend."""
    left_out = {*SECRETS, "PUBNUB_ORIGIN", "HARK_BACKEND"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def run_manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses.

    They are below those that the kernel hands to outgoing connections (from 32768 on Linux), one of
    which could take a port between our choice and the moment its process listens.
    """
    with ExitStack() as probes:
        found: list[int] = []
        while len(found) < count:
            probe = probes.enter_context(socket.socket())
            port = random.randrange(20_000, 32_000)
            with suppress(OSError):  # taken: try another
                probe.bind(("127.0.0.1", port))
                found.append(port)
        return found
