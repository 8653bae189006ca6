"""Fixtures of the gateway's tests. All run on uvloop, as the gateway does."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from hark_gateway.server import Gateway

from .scene import Backend, Client, backend, client, running


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway with three namespaces: inbox, chat and feed."""
    async with running() as started:
        yield started


@pytest.fixture
async def stranger(gateway: Gateway) -> AsyncIterator[Client]:
    """A client that has opened a WebSocket and said nothing yet."""
    async with client(gateway) as opened:
        yield opened


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Backend]:
    """The application's backend."""
    async with backend(gateway) as opened:
        yield opened
