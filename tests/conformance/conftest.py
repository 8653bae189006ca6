"""Fixtures of the conformance suite. The protocols are in `drivers`, the cases in the tests."""

from collections.abc import AsyncIterator

import pytest

from hark_gateway.server import Gateway
from tests.gateway.conftest import api, gateway, pytest_asyncio_loop_factories, stranger
from tests.gateway.scene import Client, connected

__all__ = ["api", "gateway", "pytest_asyncio_loop_factories", "stranger"]


@pytest.fixture
async def ana(gateway: Gateway) -> AsyncIterator[Client]:
    """Ana, connected and subscribed to nothing."""
    async with connected(gateway, "ana") as client:
        yield client


@pytest.fixture
async def bo(gateway: Gateway) -> AsyncIterator[Client]:
    """Bo, likewise."""
    async with connected(gateway, "bo") as client:
        yield client
