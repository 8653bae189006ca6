"""One gateway for all tests of this folder, with its messages in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess, running_gateway

from .clients import SETTINGS, hang_up

# The SDK leaves its sockets to the garbage collector, which warns of each.
LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(LEAKS)


@pytest.fixture(autouse=True)
def clean_up() -> Iterator[None]:
    """Leave nothing for other tests to stumble on."""
    yield
    hang_up()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with an open keyset and a guarded one."""
    folder = tmp_path_factory.mktemp("pubnub")
    pubnub = SETTINGS["pubnub"] | {"storage_path": str(folder / "messages.sqlite3")}
    with running_gateway(SETTINGS | {"pubnub": pubnub}, folder) as running:
        yield running


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway of the test's own, with its messages in a file."""
    pubnub = SETTINGS["pubnub"] | {"storage_path": str(tmp_path / "messages.sqlite3")}
    with running_gateway(SETTINGS | {"pubnub": pubnub}, tmp_path) as running:
        yield running
