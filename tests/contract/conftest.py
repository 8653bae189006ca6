"""The scene: one backend with its server, a relay to step through, and people with open screens."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from hark import channel, channels
from hark.backends import backend
from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.contract import pubnub
from tests.contract.screen import InboxScreen, patiently
from tests.contract.servers import Server, centrifugo
from tests.hark.conftest import person

SERVERS = {
    "CentrifugoBackend": centrifugo,
    "PubNubBackend": pubnub.gateway,
    "PubNubNetwork": pubnub.network,
}
TITLES = {
    "CentrifugoBackend": "`CentrifugoBackend`",
    "PubNubBackend": "`PubNubBackend`, on the gateway",
    "PubNubNetwork": "`PubNubBackend`, on PubNub's network",
}
AVAILABLE = [name for name in SERVERS if name != "PubNubNetwork" or pubnub.HAS_NETWORK_KEYS]

# PubNub's SDK leaves its sockets to the garbage collector, which warns of each.
LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and "[PubNub" in item.name:
            item.add_marker(LEAKS)


@pytest.fixture(scope="session", params=AVAILABLE)
def running_server(request: Any, tmp_path_factory: Any) -> Iterator[Server]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def server(running_server: Server, settings: Any) -> Server:
    """The backend that this run of the test is about."""
    settings.HARK = running_server.hark
    return running_server


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody may listen to articles; what is nowhere, not every server knows."""
    monkeypatch.setattr(channels, "_policies", {})
    for namespace in ("article", "nowhere"):
        channel(namespace)(lambda user, key: True)


@pytest.fixture
def ana(transactional_db: None) -> Any:
    return person("ana")


@pytest.fixture
def bo(transactional_db: None) -> Any:
    return person("bo")


@pytest.fixture
def open_screen(server: Server) -> Iterator[Callable[[Any], InboxScreen]]:
    """Open a connected screen of somebody; closed at the end of the test."""
    with ExitStack() as screens:

        def opened(user: Any) -> InboxScreen:
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
        while patiently(relay.work):
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


# The table of backends and guarantees, for the terminal and the documentation

TABLE = os.environ.get("HARK_GUARANTEES")
"""Where to write the table; `docs/hark/guarantees.md` in the repository."""
results: dict[str, dict[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of each guarantee on each server."""
    file, *_, test = report.nodeid.split("::")
    if not file.endswith(("contract/test_backends.py", "contract/test_guarantees.py")):
        return
    name, _, variant = test.partition("[")
    row = results.setdefault(name.removeprefix("test_").replace("_", " ").capitalize(), {})
    server = next(each for each in SERVERS if each in variant)
    if report.failed:
        row[server] = "**no**"
    elif report.skipped and isinstance(report.longrepr, tuple):
        row[server] = report.longrepr[2].removeprefix("Skipped: ")
    elif report.when == "call":
        row[server] = "yes"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and write it if that was asked for."""
    if not results:
        return
    table = [
        f"| guarantee | {' | '.join(TITLES.values())} |",
        f"| --- |{' --- |' * len(TITLES)}",
    ]
    for guarantee in sorted(results):
        cells = [results[guarantee].get(server, "not run") for server in SERVERS]
        table.append(f"| {guarantee} | {' | '.join(cells)} |")
    terminalreporter.write_line("\n".join(table))
    if TABLE:
        Path(TABLE).write_text("\n".join([*HEAD, *table]) + "\n")


HEAD = [
    "# What is guaranteed on which backend",
    "",
    "Written by `HARK_GUARANTEES=docs/hark/guarantees.md pytest tests/contract`. Each guarantee is",
    "a test, of `hark.testing.BackendContract` (which you can hold [a backend of your",
    "own](adding-a-backend.md) against) or in `tests/contract`, held against a real server through",
    "its official Python SDK. With `PUBNUB_PUBLISH_KEY`, `PUBNUB_SUBSCRIBE_KEY` and",
    "`PUBNUB_SECRET_KEY` in the environment the same tests run on PubNub's network; without them",
    "that column says so.",
    "",
    "The gateway runs with `client.await_revocations`, as under `manage.py hark gateway`, and with",
    "`pubnub.storage_path`; without that, `manage.py hark gateway` refuses all of PubNub's tokens",
    "from before a restart, and clients ask for new ones. On a Centrifugo server without its PRO",
    "edition tokens cannot be revoked: there those of a session that has ended, or of a channel",
    "that was taken from somebody, are good until they expire (`TOKEN_TTL`, ten minutes).",
    "",
]
