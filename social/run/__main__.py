"""`python -m social.run`: bring the application up, say where it is, take it down on Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from social import development
from social.run.elsewhere import described, needs_gateway
from social.run.processes import DidNotStart, Service, keep_running, stop_all
from social.run.services import describe_services

START_SECONDS = 60.0


class CannotRun(Exception):
    """Something on this machine is in the way; the text says what it is and what to do."""


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with step("Ports"):
            port = choose_ports()
        with step("Database"):
            development.prepare_database()
        with step("Migrations"):
            manage("migrate", "--verbosity", "0")
        with step("Demo data"):
            manage("seed")
        services = describe_services(dict(os.environ), data=development.DATA)
        try:
            start_all(services, stop)
            if not stop.is_set():
                say(welcome(port))
                for sentence in described(os.environ):
                    say(f"  {sentence}")
            keep_running(services, stop=stop, say=say)
        finally:
            say("\nStopping …")
            stop_all(services)
    except (CannotRun, DidNotStart) as problem:
        print(f"\nhark: {problem}", file=sys.stderr)
        return 1
    say("Stopped.")
    return 0


def start_all(services: list[Service], stop: threading.Event) -> None:
    for service in services:
        service.start()
    for service in services:
        with step(service.name.capitalize()):
            service.wait_until_it_answers(START_SECONDS)
        if stop.is_set():
            return


def choose_ports() -> int:
    """Set up the environment, and return where the web server is to listen.

    Raises:
        CannotRun: A port is none, or another process listens on one that we need.
    """
    port, gateway_port = named_port("PORT", 8000), named_port("GATEWAY_PORT", 8001)
    development.prepare_environment()
    if needs_gateway(os.environ):
        if port == gateway_port:
            raise CannotRun(f"PORT and GATEWAY_PORT are both {port}; choose another for one.")
        check_free("GATEWAY_PORT", gateway_port)
    check_free("PORT", port)
    return port


def check_free(variable: str, port: int) -> None:
    """Refuse a port that another process listens on.

    Raises:
        CannotRun: It does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotRun(
                f"port {port} cannot be used ({error.strerror}). "
                f"Stop what uses it, or choose another: make run {variable}={port + 100}"
            ) from error


def named_port(variable: str, default: int) -> int:
    """Return the port that `variable` names, and leave it named there for the processes.

    Raises:
        CannotRun: It is no port.
    """
    text = os.environ.setdefault(variable, str(default))
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        raise CannotRun(f"{variable}={text} is no port; give a number from 1 to 65535.")
    return int(text)


def manage(*arguments: str) -> None:
    """Run one management command.

    Raises:
        CannotRun: It failed; its last lines are in the text.
    """
    command = [sys.executable, str(development.ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        ending = "\n".join((done.stderr or done.stdout).splitlines()[-5:])
        raise CannotRun(f"`manage.py {' '.join(arguments)}` failed:\n{ending}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show one step of the start, and how long it took."""
    began = time.monotonic()
    print(f"  {name:<12}", end="", flush=True)
    yield
    say(f"{time.monotonic() - began:5.1f} s")


def say(text: str) -> None:
    print(text, flush=True)


def welcome(port: int) -> str:
    return f"""
  Hark is up:  http://localhost:{port}

  Sign in as   ana@example.com   password  hark-demo-ana
         and   bo@example.com    password  hark-demo-bo
  (one in a private window), comment on the other's post, and watch.

  Logs are in {relative(development.DATA / "logs")}/. Ctrl-C stops everything.
"""


def relative(path: Path) -> Path:
    return path.relative_to(development.ROOT)


if __name__ == "__main__":
    sys.exit(main())
