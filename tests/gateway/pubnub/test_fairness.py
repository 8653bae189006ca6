"""What one client of PubNub asks for is done in small steps, and strangers are served between.

Each turn of this gateway has time for one step only: so whoever is answered while work is waiting
was answered between its steps, however fast the machine.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from hark_gateway.protocols.pubnub.storage import Action, Range
from hark_gateway.protocols.pubnub.tokens import Grant, Permission, encode, signing_key
from hark_gateway.server import Gateway
from tests.conformance.drivers import signed
from tests.gateway.scene import running
from tests.gateway.test_fairness import served_between

from .scene import PUBNUB, cursor, door_of, interests, publish, until

LONG = 60
GROUP = "/v1/channel-registration/sub-key/sub/channel-group/many"
LIMITS = {"history_size": 5000, "buffer_size": 20_000}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that does one step in each turn."""
    async with running(pubnub=PUBNUB | LIMITS) as started:
        started.host.turns._budget = 0
        yield started


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client that opens as many connections as it needs."""
    url, limits = f"http://127.0.0.1:{gateway.port}", httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=LONG, limits=limits) as opened:
        yield opened


async def poll(gateway: Gateway, tt: str, expression: str) -> list[Any]:
    """Poll on a connection of its own; return the messages."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    query = urlencode({"tt": tt, "filter-expr": expression}, quote_via=quote)
    request = f"GET /v2/subscribe/sub/room/0?{query} HTTP/1.1\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return [each["d"] for each in json.loads(answer.partition(b"\r\n\r\n")[2])["m"]]


async def test_many_polls_with_filters_of_their_own(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    tt = await cursor(http, "room")
    polls = [
        asyncio.create_task(poll(gateway, tt, f"data.text like '*{n}*x*'")) for n in range(400)
    ]
    await until(lambda: sum(len(each.waiting) for each in interests(gateway)) == 400)
    text = "".join(map(str, range(400))) + "x"
    gateway.hub.publish("room", b'{"text":"%b"}' % text.encode(), now=time.time())
    answers = await served_between(gateway, asyncio.ensure_future(asyncio.gather(*polls)))
    assert answers == [[{"text": text}]] * 400


async def test_a_long_catching_up_that_wants_nothing(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    tt = await cursor(http, "room")
    for number in range(10_000):
        gateway.hub.publish("room", b"%d" % number, now=time.time())
    gateway.hub.publish("room", b'{"x":1}', now=time.time())
    answer = asyncio.create_task(poll(gateway, tt, "data.x == 1"))
    assert await served_between(gateway, answer) == [{"x": 1}]


async def test_many_names_under_many_patterns(gateway: Gateway, http: httpx.AsyncClient) -> None:
    patterns = {f"^(a|b)*{n}c.*$": 1 for n in range(50)} | {"room-.*": 1}
    grant = Grant(granted_at=int(time.time()), ttl=60, patterns={"channels": patterns})
    token = encode(grant, signing_key("sec-c", "sub-c"))
    channels = ",".join(f"room-{n}" for n in range(200))
    for path in (
        f"/v2/subscribe/sub-c/{channels}/0",
        f"/v2/presence/sub-key/sub-c/channel/{channels}",
        f"/v3/history/sub-key/sub-c/channel/{channels}",
    ):
        asked = http.get(path, params={"auth": token, "tt": "0"})
        answer = await served_between(gateway, asyncio.create_task(asked))
        assert answer.status_code == 200, answer.text


async def test_a_grant_of_many_patterns(gateway: Gateway, http: httpx.AsyncClient) -> None:
    patterns = {f"a{n}.*": int(Permission.READ) for n in range(1000)}
    body = json.dumps({"ttl": 1, "permissions": {"patterns": {"channels": patterns}}}).encode()
    path = "/v3/pam/sub-c/grant"
    asked = http.post(path, params=signed("POST", path, body), content=body)
    assert (await served_between(gateway, asyncio.create_task(asked))).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        pytest.param("/v2/presence/sub-key/sub/channel/{}/uuid/ana", {}, id="states"),
        pytest.param("/v3/history/sub-key/sub/channel/{}", {}, id="history"),
        pytest.param("/v3/history/sub-key/sub/message-counts/{}", {"timetoken": "1"}, id="counts"),
        pytest.param("/v2/presence/sub-key/sub/channel/{}", {}, id="here now"),
        pytest.param("/v2/presence/sub-key/sub", {}, id="here now everywhere"),
        pytest.param("/v2/presence/sub-key/sub/channel/{}/heartbeat", {"uuid": "bo"}, id="beat"),
        pytest.param("/v2/presence/sub-key/sub/channel/{}/leave", {"uuid": "ana"}, id="leave"),
        pytest.param(
            "/v2/presence/sub-key/sub/channel/{}/uuid/ana/data",
            {"uuid": "ana", "state": '{"a":1}'},
            id="state",
        ),
    ],
)
async def test_many_channels(
    gateway: Gateway, http: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    channels = ",".join(f"r{n}" for n in range(400))
    observed = ",".join(f"r{n}-pnpres" for n in range(400))
    await cursor(http, observed)
    await cursor(http, channels, uuid="ana")
    for number in range(400):
        await publish(http, f"r{number}", number)
    asked = http.get(path.format(channels), params=query)
    answer = await served_between(gateway, asyncio.create_task(asked))
    assert answer.status_code == 200, answer.text
    if "history" in path and "channels" in answer.json():
        assert len(answer.json()["channels"]) == 400
    if path.endswith("sub"):
        assert answer.json()["payload"]["total_channels"] == 400


async def test_many_messages_with_many_actions(gateway: Gateway, http: httpx.AsyncClient) -> None:
    service = door_of(gateway).service
    for number in range(5000):
        gateway.hub.publish("room", b"%d" % number, now=time.time())
    (message,) = service.messages.fetch("room", Range(), limit=1, now=time.time())
    for number in range(1000):
        action = Action("room", message.timetoken, "like", str(number), "ana", number)
        service.actions.add(action, now=time.time())
    deleted = http.delete("/v3/history/sub-key/sub/channel/room")
    assert (await served_between(gateway, asyncio.create_task(deleted))).status_code == 200
    assert service.messages.fetch("room", Range(), limit=1, now=time.time()) == []
    assert service.actions.fetch("room", Range(), limit=1) == []


async def test_a_first_subscription_to_many_names(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    channels = ",".join(f"r{n}" for n in range(1000))
    asked = [cursor(http, channels) for _ in range(2)]  # the second needs what the first begins
    answers = asyncio.ensure_future(asyncio.gather(*asked))
    while not len(gateway.host.turns) and not answers.done():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert (await http.get("/health")).status_code == 200
    assert not answers.done(), "it was done in one turn"
    await answers
    (interest,) = interests(gateway)
    assert interest.registered


async def test_a_change_of_a_group_that_leads_to_many_channels(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    for begin in range(0, 1000, 200):
        names = ",".join(f"g{n}" for n in range(begin, begin + 200))
        await http.get(GROUP, params={"add": names})
    poll = asyncio.create_task(
        http.get("/v2/subscribe/sub/,/0", params={"tt": "1", "channel-group": "many"})
    )
    await until(lambda: sum(len(each.waiting) for each in interests(gateway)) == 1)
    changing = [http.get(GROUP, params={"add": name}) for name in ("one", "two")]
    await asyncio.gather(*changing)
    assert (await http.get("/health")).status_code == 200
    assert len(gateway.host.turns), "it was not done in steps, or was done before others"
    await until(lambda: not len(gateway.host.turns))
    await publish(http, "one", 1)
    answer = (await poll).json()
    assert [each["d"] for each in answer["m"]] == [1]
    query = {"tt": answer["t"]["t"], "channel-group": "many"}
    again = asyncio.create_task(http.get("/v2/subscribe/sub/,/0", params=query))
    await publish(http, "two", 2)
    assert [each["d"] for each in (await again).json()["m"]] == [2]


async def test_too_much_said_of_many_channels_is_refused(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    channels = ",".join(f"r{n}" for n in range(500))
    path = f"/v2/presence/sub-key/sub/channel/{channels}/uuid/ana"
    state = json.dumps({"a": "x" * 20_000}, separators=(",", ":"))
    await http.get(f"{path}/data", params={"uuid": "ana", "state": state})
    answer = await http.get(path)
    assert answer.status_code == 400
    assert "fewer channels" in answer.json()["message"]
