"""What the log says of those who are refused."""

import logging
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hark_gateway.refusals import INTERVAL, MAX_CAUSES, Refusals
from hark_gateway.server import Gateway

from .scene import Backend, client, connected, token


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.__dict__["reason"] for record in caplog.records if "refused" in record.message]


@pytest.fixture(autouse=True)
def _as_by_default(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"secret": "x" * 40}, "connect, wrong signature: is client.token", id="key"),
        pytest.param({"exp": 1000, "iat": 400}, "issued", id="too old, by this clock"),
        pytest.param({"nbf": 1e12}, "connect, the token is not valid yet: in", id="too young"),
        pytest.param({"channels": ["nowhere:1"]}, "'nowhere:1'", id="no namespace"),
        pytest.param({"aud": 7}, "connect, malformed claims: ", id="malformed"),
    ],
)
async def test_the_log_names_why_a_client_may_not_connect(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, given: dict[str, Any], words: str
) -> None:
    for _ in range(3):
        async with client(gateway) as opened:
            await opened.send({"id": 1, "connect": {"token": token(**given)}})
            with suppress(ConnectionClosed):
                await opened.receive()
    (line,) = said(caplog)
    assert words in line


async def test_the_log_names_a_missing_token(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with client(gateway) as opened:
        await opened.send({"id": 1, "connect": {}})
        await opened.closed()
    (line,) = said(caplog)
    assert line.startswith("connect, no token")


async def test_the_log_names_a_path_on_which_nothing_answers(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        for path in ("/connection/sockjs?token=x", "/wp-login.php", "/%0Aconnection"):
            assert (await http.get(path)).status_code == 404
    (line,) = said(caplog)
    assert line.startswith("nothing answers on this path: '/connection/sockjs'")


async def test_the_log_names_an_origin_that_is_not_allowed(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus):
        async with client(gateway, origin="https://app.example"):
            pass
    (line,) = said(caplog)
    assert line == "the page's origin is not in client.allowed_origins: https://app.example"


async def test_the_log_names_a_subscription_that_is_not_allowed(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(gateway) as ana:
        await ana.ask("subscribe", channel="nowhere:1")
        await ana.ask("subscribe", channel="inbox:bo")
        old = token(channel="inbox:ana", exp=time.time() - 3000, iat=time.time() - 3600)
        await ana.ask("subscribe", channel="inbox:ana", token=old)
    unknown, forbidden, expired = said(caplog)
    assert "nowhere:1" in unknown
    assert forbidden.startswith("subscribe, ")
    assert "3000 s ago, issued 3600 s ago; if it is new, the clocks differ by that" in expired


async def test_the_log_names_what_the_application_does_wrong(
    gateway: Gateway, api: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    await api.call("publish", channel="nowhere:1", data={})
    assert (await api.http.post("/api/publish", headers={"X-API-Key": "no"})).status_code == 401
    namespace, key = said(caplog)
    assert "nowhere:1" in namespace
    assert key == "server API, not called with http_api.key"


def test_a_cause_is_told_at_once_and_then_once_a_minute_with_its_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusals = Refusals("refused")
    for second in range(int(2 * INTERVAL) + 1):
        refusals.add(f"an origin: {second}", now=second)
        refusals.sweep(second)
    told = [(each.__dict__["reason"], each.__dict__["times"]) for each in caplog.records]
    assert told == [("an origin: 0", 1), ("an origin: 60", 60), ("an origin: 120", 60)]


def test_what_is_remembered_is_bounded_whatever_comes(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals("refused")
    for number in range(10 * MAX_CAUSES):
        refusals.add(f"cause {number}: {'x' * 10_000}", now=0)
    assert len(caplog.records) == MAX_CAUSES + 1
    assert max(len(each.__dict__["reason"]) for each in caplog.records) < 500
