"""A real gateway for all SDKs, and a scene on it for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.gateway_process import GatewayProcess, running_gateway

from .diary import Cast, cast_of
from .scene import SETTINGS, Scene, scene_on


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway, with every transport that the SDKs know."""
    with running_gateway(SETTINGS, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
async def scene(gateway: GatewayProcess) -> AsyncIterator[Scene]:
    """A scene of the test's own."""
    async with scene_on(gateway) as scene:
        yield scene


@pytest.fixture
async def cast(scene: Scene) -> AsyncIterator[Cast]:
    """Its clients, on the Python SDK."""
    async with cast_of(scene) as cast:
        yield cast
