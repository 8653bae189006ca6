"""The gateway as operators run it: a process of its own, on a free port, with its own settings."""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from social.run.processes import Service
from tests import leash
from tests.stack import free_ports

START_SECONDS = 20.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class GatewayProcess:
    """A running gateway.

    Attributes:
        port: Where it listens on 127.0.0.1; the same after it was started again.
    """

    port: int
    service: Service

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.service.log.read_text(errors="replace")

    def start(self) -> None:
        """Return once it answers."""
        self.service.start()
        self.service.wait_until_it_answers(START_SECONDS)

    def kill(self) -> None:
        """End it as a crash would."""
        self.service.kill()

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self.service.ask_to_stop()
        self.service.wait_until_stopped(STOP_SECONDS)

    def crash_and_return(self) -> None:
        """Kill it and start it again, its memory empty."""
        self.kill()
        self.start()


OTHER_CLOCK = """
import runpy, sys, time
time.time = lambda true=time.time, ahead=float(sys.argv.pop(1)): true() + ahead
runpy.run_module("hark_gateway", run_name="__main__", alter_sys=True)
"""


@contextmanager
def running_gateway(
    settings: Mapping[str, Any], folder: Path, *, clock: float = 0
) -> Iterator[GatewayProcess]:
    """Run `python -m hark_gateway` with these settings; file and log are put into `folder`.

    Its clock may be ahead by so many seconds.
    """
    (port,) = free_ports(1)
    where = {"http_server": {"address": "127.0.0.1", "port": port}}
    file = folder / "gateway.json"
    file.write_text(json.dumps({**settings, **where}))
    watched = [sys.executable, leash.__file__, str(os.getpid())]
    module = ["-c", OTHER_CLOCK, str(clock)] if clock else ["-m", "hark_gateway"]
    command = [*watched, sys.executable, *module, "--config", str(file)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("HARK_GATEWAY_")
    }
    service = Service(
        "gateway", command, environment, folder / "gateway.log", answers=lambda: is_well(port)
    )
    gateway = GatewayProcess(port, service)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


def is_well(port: int) -> bool:
    """Tell whether a gateway answers on `port`."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
