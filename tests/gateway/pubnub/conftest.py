"""Fixtures of the tests that speak PubNub over plain HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import running

from .scene import PUBNUB


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway with the namespaces inbox, chat and feed, an open keyset and a guarded one."""
    async with running(pubnub=PUBNUB) as started:
        yield started


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps its connection."""
    url = f"http://127.0.0.1:{gateway.port}"
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        yield client
