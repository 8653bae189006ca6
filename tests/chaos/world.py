"""The application in real processes on a real PostgreSQL, and links that can break."""

import asyncio
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from social.development import ROOT, SECRETS
from social.run.processes import Service, stop_all
from social.run.services import describe_services
from tests.chaos.link import Address, Link
from tests.chaos.plan import LINKS, Fault, Kind
from tests.chaos.postgres import Postgres
from tests.stack import run_manage

START_SECONDS = 180.0
NO_SIGN = "gives no sign of life"
PORTS = range(15_000, 30_000)
"""Not among those that Linux gives to clients: a dead process finds its port free again."""


@dataclass
class World:
    """Everything that can break.

    Attributes:
        url: Where the web server answers.
        database_url: The way to the database that never breaks, for setting up and for looking.
        writers_environment: For a process that writes as the web server does, over its link.
    """

    url: str
    database_url: str
    environment: dict[str, str]
    writers_environment: dict[str, str]
    postgres: Postgres
    services: Mapping[str, Service]
    links: Mapping[str, Link]

    async def inflict(self, fault: Fault) -> None:
        """Let one thing break, and mend it after its time."""
        match fault.kind:
            case Kind.KILL:
                await asyncio.to_thread(self._kill, fault.target)
                await asyncio.sleep(fault.lasting)
                await asyncio.to_thread(self._start, fault.target)
            case Kind.HANG:
                self._signal(fault.target, signal.SIGSTOP)
                await asyncio.sleep(fault.lasting)
                self._signal(fault.target, signal.SIGCONT)
            case Kind.CUT:
                self.links[fault.target].cut()
                await asyncio.sleep(fault.lasting)
                self.links[fault.target].heal()
            case Kind.JAM:
                self.links[fault.target].jam()
                await asyncio.sleep(fault.lasting)
                self.links[fault.target].heal()

    def _kill(self, target: str) -> None:
        if target == "postgres":
            self.postgres.kill()
            return
        self._signal(target, signal.SIGKILL)
        process = self.services[target].process
        assert process is not None
        process.wait()

    def _signal(self, target: str, number: signal.Signals) -> None:
        """Send a signal to a process and whatever it has started, which may not answer for it."""
        if target == "postgres":
            self.postgres.signal(number)
            return
        process = self.services[target].process
        assert process is not None
        os.killpg(process.pid, number)

    def takeovers(self) -> int:
        """Return how often a relay found that the active one gives no sign of life."""
        logs = (self.services[name].log for name in ("relay", "standby"))
        return sum(log.read_text(errors="replace").count(NO_SIGN) for log in logs)

    def _start(self, target: str) -> None:
        if target == "postgres":
            self.postgres.start()
            return
        self.services[target].start()
        self.services[target].wait_until_it_answers(START_SECONDS)


@asynccontextmanager
async def running_world(folder: Path, backend: str) -> AsyncIterator[World]:
    """Start everything, with data and logs in `folder`; stop it all at the end of the block."""
    postgres = await asyncio.to_thread(Postgres, folder / "postgres")
    web_port, gateway_port = free_ports(2)
    gateway = ("127.0.0.1", gateway_port)
    far_ends: tuple[Address, ...] = (gateway, gateway, postgres.socket, postgres.socket)
    links = {name: Link(name, far) for name, far in zip(LINKS, far_ends, strict=True)}
    ports = {name: await link.open() for name, link in links.items()}
    environment = {
        **os.environ,
        **{name: secrets.token_urlsafe(32) for name in SECRETS},
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DJANGO_DEBUG": "0",
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_BEHIND_TLS_PROXY": "1",
        "DATABASE_URL": postgres.url,
        "PORT": str(web_port),
        "GATEWAY_PORT": str(gateway_port),
        "HARK_BACKEND": backend,
        "HARK_URL": f"ws://127.0.0.1:{ports['screens-gateway']}/connection/websocket",
        "PUBNUB_ORIGIN": f"127.0.0.1:{gateway_port}",
    }
    by_link: dict[str, dict[str, str]] = {
        "gateway": {},
        "relay": {
            "DATABASE_URL": over_tcp(ports["relay-postgres"]),
            "HARK_API_URL": f"http://127.0.0.1:{ports['relay-gateway']}/api",
            "PUBNUB_ORIGIN": f"127.0.0.1:{ports['relay-gateway']}",
        },
        "web": {
            "DATABASE_URL": over_tcp(ports["web-postgres"]),
            "PUBNUB_ORIGIN": f"127.0.0.1:{ports['screens-gateway']}",
        },
    }
    services = {
        service.name: replace(service, environment={**service.environment, **by_link[service.name]})
        for service in describe_services(environment, data=folder)
    }
    standby = replace(services["relay"], name="standby", log=folder / "logs/standby.log")
    services["standby"] = standby
    world = World(
        url=f"http://127.0.0.1:{web_port}",
        database_url=postgres.url,
        environment=environment,
        writers_environment=environment | by_link["web"],
        postgres=postgres,
        services=services,
        links=links,
    )
    try:
        await asyncio.to_thread(run_manage, environment, "migrate", "--verbosity", "0")
        for service in services.values():
            service.start()
        for service in services.values():
            await asyncio.to_thread(service.wait_until_it_answers, START_SECONDS)
        yield world
    finally:
        await asyncio.to_thread(stop_all, services.values())
        for link in links.values():
            await link.close()
        await asyncio.to_thread(postgres.stop)


def over_tcp(port: int) -> str:
    user = quote("postgres")
    return f"postgresql://{user}@127.0.0.1:{port}/postgres?sslmode=disable&gssencmode=disable"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    sys.exit("hark: no free port between 15000 and 30000")
