"""A real gateway for all SDKs, and a scene on it for each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.gateway_process import GatewayProcess, running_gateway

from .backstage import Backstage, Runtime
from .diary import Cast, cast_of
from .recording import RECORDING, recorded
from .runtimes import chromium, node
from .scene import SETTINGS, Scene, scene_on


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway, with every transport that the SDKs know."""
    with running_gateway(SETTINGS, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
async def scene(gateway: GatewayProcess, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """A scene of the test's own."""
    async with scene_on(gateway) as scene:
        if RECORDING and "test_python" in request.module.__name__:
            with recorded(scene, "python", request.node.name.removeprefix("test_")):
                yield scene
        else:
            yield scene


@pytest.fixture
async def cast(scene: Scene) -> AsyncIterator[Cast]:
    """Its clients, on the Python SDK."""
    async with cast_of(scene) as cast:
        yield cast


@pytest.fixture(scope="session")
def backstage(gateway: GatewayProcess) -> Iterator[Backstage]:
    """Plays scenarios in JavaScript, in Node and in Chromium."""
    backstage = Backstage(gateway)
    backstage.start()
    runtimes = AsyncExitStack()

    async def start() -> dict[str, Runtime]:
        return {
            "node": await runtimes.enter_async_context(node()),
            "chromium": await runtimes.enter_async_context(chromium(backstage.url)),
        }

    backstage.runtimes = backstage.run(start())
    yield backstage
    backstage.run(runtimes.aclose())
    backstage.stop()
