"""The scene: one backend with its server, a relay to step through, and people with open screens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from rest_framework.test import APIClient

from hark.backends import backend
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.contract.screen import Screen
from tests.contract.servers import SERVERS, Server
from tests.hark.conftest import person


@pytest.fixture(scope="session", params=SERVERS)
def running_server(request: Any, tmp_path_factory: Any) -> Iterator[Server]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def server(running_server: Server, settings: Any) -> Server:
    """The backend that this run of the test is about."""
    settings.HARK = running_server.hark
    return running_server


@pytest.fixture
def ana(transactional_db: None) -> Any:
    return person("ana")


@pytest.fixture
def bo(transactional_db: None) -> Any:
    return person("bo")


@pytest.fixture
def open_screen(server: Server) -> Iterator[Callable[[Any], Screen]]:
    """Open a connected screen of somebody; closed at the end of the test."""
    with ExitStack() as screens:

        def opened(user: Any) -> Screen:
            screen = server.screen(user)
            screen.open()
            screens.callback(screen.close)
            return screen

        yield opened


@pytest.fixture
def relay(server: Server, transactional_db: None) -> Relay:
    return Relay(backend(), SingleRunner())


@pytest.fixture
def deliver(relay: Relay) -> Callable[[], None]:
    """Have the relay do all there is to do."""

    def drain() -> None:
        while relay.work():
            pass

    return drain


@pytest.fixture
def api_of() -> Callable[[Any], APIClient]:
    """A signed-in REST client of somebody."""

    def signed_in(user: Any) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return signed_in
