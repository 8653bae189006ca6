"""The pages for whoever watches the server."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hark_gateway.server import Gateway

from .scene import Backend, connected, running


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that shows its figures."""
    async with running(prometheus={"enabled": True}) as started:
        yield started


async def figures(gateway: Gateway) -> dict[str, float]:
    """Return every figure that has a value, by name and labels."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        page = await http.get("/metrics")
    return {
        "".join([sample.name, *(f" {key}={value}" for key, value in sample.labels.items())]): (
            sample.value
        )
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def test_the_figures_tell_what_happened(gateway: Gateway, api: Backend) -> None:
    async with connected(gateway, channels=["inbox:ana"]) as ana:
        await api.call("publish", channel="inbox:ana", data={"n": 1})
        frame = await ana.push()
        seen = await figures(gateway)
        await api.call("disconnect", user="ana")
        await ana.closed()
    assert frame["channel"] == "inbox:ana"
    assert seen["hark_gateway_clients"] == 1
    assert seen["hark_gateway_subscriptions"] == 1
    assert seen["hark_gateway_publications_total"] == 1
    assert seen["hark_gateway_deliveries_total"] == 1
    text = '{"push":{"channel":"inbox:ana","pub":{"data":{"n":1},"offset":1}}}'
    assert seen["hark_gateway_delivered_bytes_total"] == len(text) + 2
    assert seen["hark_gateway_queued_bytes"] == 0
    assert seen["hark_gateway_api_call_seconds_count"] == 1
    after = await figures(gateway)
    assert after["hark_gateway_disconnects_total code=3503"] == 1
    assert after["hark_gateway_clients"] == 0
    while after["hark_gateway_event_loop_lag_seconds_count"] == 0:  # it is taken now and then
        after = await figures(gateway)


async def test_figures_are_shown_only_when_asked_for() -> None:
    async with running() as gateway, httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{gateway.port}/metrics")
        assert answer.status_code == 404


async def test_the_server_says_that_it_is_alive(gateway: Gateway) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{gateway.port}/health")
    assert (answer.status_code, answer.json()) == (200, {})
