"""Networks that block WebSocket: news come at once all the same, by the next best transport."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.blocking import Network
from tests.browser.conftest import PATIENCE, Person
from tests.browser.pages import bell, connection, shows_once, write
from tests.stack import Stack, running_stack

WEBSOCKET = b"upgrade: websocket"
HTTP_STREAM = b"/connection/http_stream"


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


@pytest.fixture(scope="module")
def stack(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The application, whose gateway browsers reach through the network alone."""
    url = f"ws://localhost:{network.port}/connection/websocket"
    with running_stack(tmp_path_factory.mktemp("blocked"), HARK_URL=url) as stack:
        network.upstream = int(stack.environment["GATEWAY_PORT"])
        yield stack


@dataclass(frozen=True)
class Walls:
    """What a network does with requests that have one of these in their head, and what is left."""

    by: bytes
    refused: tuple[bytes, ...] = ()
    swallowed: tuple[bytes, ...] = ()


@pytest.mark.parametrize(
    "walls",
    [
        pytest.param(Walls(by=b"GET /connection/websocket"), id="is open"),
        pytest.param(
            Walls(by=b"POST /connection/http_stream", refused=(WEBSOCKET,)), id="refuses upgrades"
        ),
        pytest.param(
            Walls(by=b"POST /connection/http_stream", swallowed=(WEBSOCKET,)),
            id="swallows upgrades",
        ),
        pytest.param(
            Walls(by=b"GET /connection/sse", refused=(WEBSOCKET,), swallowed=(HTTP_STREAM,)),
            id="holds back streams too",
        ),
    ],
)
def test_a_comment_shows_at_once_through_a_network_that(
    walls: Walls,
    network: Network,
    signed_in: Callable[..., Page],
    person: Callable[[str], Person],
    stack: Stack,
) -> None:
    network.refused, network.swallowed = walls.refused, walls.swallowed
    network.stopped = 0
    network.passed.clear()
    network.told.clear()
    bo = person("Bo")
    at_bo = signed_in(bo)
    expect_told(at_bo, network, b'"connect"')
    post = write(stack, bo, "posts/", title="Walls", text="High or low?")
    write(stack, person("Ana"), f"posts/{post['id']}/comments/", text="With a door.")
    expect_told(at_bo, network, b"With a door.")
    bell(at_bo, unread=1)
    expect(connection(at_bo)).to_be_empty()
    shows_once(at_bo, "With a door.")

    assert any(line.startswith(walls.by) for line in network.passed)
    assert (network.stopped > 0) == bool(walls.refused or walls.swallowed)


def expect_told(page: Page, network: Network, text: bytes) -> None:
    """Wait until the gateway has said something to the page."""
    for _ in range(PATIENCE // 100):
        if text in network.told:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{text!r} did not come; {network.passed} passed")
