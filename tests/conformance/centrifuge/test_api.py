"""Row 4: the server API."""

import base64
import time
from typing import Any

import pytest

from hark_gateway.server import Gateway
from tests.gateway.scene import KEY, Backend, Client, connected, running


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        pytest.param({"X-API-Key": KEY}, "", 200, id="header"),
        pytest.param({"Authorization": f"apikey {KEY}"}, "", 200, id="authorization"),
        pytest.param({}, f"?api_key={KEY}", 200, id="query"),
        pytest.param({"X-API-Key": "wrong"}, "", 401, id="wrong"),
        pytest.param({"X-API-Key": "ä".encode()}, "", 401, id="wrong and not ASCII"),
        pytest.param({"Authorization": f"Bearer {KEY}"}, "", 401, id="wrong scheme"),
        pytest.param({}, "", 401, id="missing"),
    ],
)
async def test_every_call_needs_the_key(
    api: Backend, headers: dict[str, Any], query: str, status: int
) -> None:
    del api.http.headers["X-API-Key"]
    answer = await api.http.post(f"/api/info{query}", json={}, headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.content == b""


async def test_without_a_configured_key_nobody_may_call() -> None:
    async with running(http_api={"key": ""}) as gateway:
        backend = Backend(gateway)
        async with backend.http as http:
            assert (await http.post("/api/info", json={})).status_code == 401
            http.headers["X-API-Key"] = ""
            assert (await http.post("/api/info", json={})).status_code == 401


async def test_insecure_mode_asks_for_no_key() -> None:
    async with running(http_api={"insecure": True}) as gateway:
        backend = Backend(gateway)
        async with backend.http as http:
            del http.headers["X-API-Key"]
            assert (await http.post("/api/info", json={})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/info", b"", 405),
        ("POST", "/api/fly", b"{}", 404),
        ("POST", "/api/info/", b"{}", 404),
        ("POST", "/api/publish", b"", 400),
        ("POST", "/api/publish", b"{", 400),
        ("POST", "/api/publish", b"[]", 400),
        ("POST", "/api/publish", b'{"channel":1}', 400),
        ("POST", "/api/publish", b'{"channel":"feed:1","data":1,"tags":{"a":1}}', 400),
        ("POST", "/api/publish", b'{"channel":"feed:1","data":"\xff"}', 400),
        ("POST", "/api/publish", b"[" * 100_000, 400),
    ],
)
async def test_what_is_no_call(
    api: Backend, method: str, path: str, body: bytes, status: int
) -> None:
    answer = await api.http.request(method, path, content=body)
    assert answer.status_code == status
    assert (await api.call("info"))["nodes"], "the server has not noticed"


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("publish", {"channel": "nowhere:1", "data": 1}, 102),
        ("publish", {"data": 1}, 107),
        ("publish", {"channel": "feed:1"}, 107),
        ("publish", {"channel": "feed:1", "b64data": "!"}, 107),
        ("publish", {"channel": "feed:1", "b64data": "eA=="}, 107),
        ("broadcast", {"data": 1}, 107),
        ("presence", {"channel": "feed:1"}, 108),
        ("presence_stats", {"channel": "nowhere:1"}, 102),
        ("history", {"channel": "chat:1"}, 108),
        ("history", {"channel": "feed:1", "since": {"epoch": "x"}}, 112),
        ("history_remove", {"channel": "chat:1"}, 108),
        ("subscribe", {"user": "ana"}, 107),
        ("unsubscribe", {"user": "ana"}, 107),
        ("disconnect", {"user": "ana", "disconnect": {"code": 1000, "reason": "x"}}, 107),
        ("disconnect", {"user": "ana", "disconnect": {"code": 4000, "reason": "é" * 62}}, 107),
    ],
)
async def test_errors_come_in_both_forms(
    api: Backend, method: str, request_: dict[str, Any], code: int
) -> None:
    statuses = {102: 404, 107: 400, 108: 400, 112: 416}
    assert (await api.call(method, **request_))["error"]["code"] == code
    mode = {"X-Centrifugo-Error-Mode": "transport"}
    answer = await api.http.post(f"/api/{method}", json=request_, headers=mode)
    assert answer.status_code == statuses[code]
    assert answer.json()["code"] == code


async def test_a_publication_may_carry_tags_and_stay_out_of_history(
    ana: Client, api: Backend
) -> None:
    await ana.ask("subscribe", channel="feed:1")
    kept = await api.call("publish", channel="feed:1", data=1, tags={"a": "b"})
    assert kept["offset"] == 1
    assert await api.call("publish", channel="feed:1", data=2, skip_history=True) == {}
    assert (await ana.push())["pub"] == {"data": 1, "offset": 1, "tags": {"a": "b"}}
    assert (await ana.push())["pub"] == {"data": 2}
    page = await api.call("history", channel="feed:1", limit=-1)
    assert [each["tags"] for each in page["publications"]] == [{"a": "b"}]


async def test_a_payload_may_come_in_base64(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="feed:1")
    await api.call("publish", channel="feed:1", b64data=base64.b64encode(b'{"a":\n1}').decode())
    assert (await ana.push())["pub"]["data"] == {"a": 1}


async def test_a_repeated_key_publishes_nothing_again(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="feed:1")
    one = {"channel": "feed:1", "data": 1, "idempotency_key": "k"}
    assert await api.call("publish", **one) == await api.call("publish", **one)
    both = {"channels": ["feed:1", "feed:2"], "data": 2, "idempotency_key": "k"}
    first, second = (await api.call("broadcast", **both))["responses"]
    assert first["result"]["offset"] == 1  # of the first call
    assert second["result"]["offset"] == 1  # of another channel
    await api.call("publish", channel="feed:1", data=3)
    assert [(await ana.push())["pub"]["data"] for _ in range(2)] == [1, 3]


async def test_an_outdated_version_is_dropped(api: Backend) -> None:
    async def publish(version: int, epoch: str = "") -> int:
        call = {"channel": "feed:1", "data": version, "version": version, "version_epoch": epoch}
        return int((await api.call("publish", **call))["offset"])

    assert [await publish(2), await publish(2), await publish(1), await publish(3)] == [1, 1, 1, 2]
    assert await publish(1, "new") == 3


async def test_a_broadcast_answers_for_each_channel(api: Backend) -> None:
    result = await api.call("broadcast", channels=["feed:1", "nowhere:1", "chat:1"], data=1)
    first, second, third = result["responses"]
    assert first["result"]["offset"] == 1
    assert second["error"] == {"code": 102, "message": "unknown channel"}
    assert third == {"result": {}}


async def test_history_remove_keeps_counting(api: Backend) -> None:
    before = await api.call("publish", channel="feed:1", data=1)
    assert await api.call("history_remove", channel="feed:1") == {}
    assert (await api.call("history", channel="feed:1", limit=-1))["publications"] == []
    after = await api.call("publish", channel="feed:1", data=2)
    assert after == {"offset": 2, "epoch": before["epoch"]}


async def test_the_server_may_subscribe_a_user(ana: Client, api: Backend) -> None:
    await api.call("publish", channel="inbox:1", data=1)
    assert await api.call("subscribe", user="ana", channel="inbox:1", data={"a": 1}) == {}
    push = await ana.push()
    assert push["channel"] == "inbox:1"
    assert push["subscribe"]["recoverable"]
    assert (push["subscribe"]["offset"], push["subscribe"]["data"]) == (1, {"a": 1})
    await api.call("publish", channel="inbox:1", data=2)
    assert (await ana.push())["pub"]["offset"] == 2
    await api.call("subscribe", user="ana", channel="inbox:1")
    assert "subscribe" in await ana.push()
    assert (await api.call("channels"))["channels"] == {"inbox:1": {"num_clients": 1}}


async def test_the_server_may_unsubscribe_a_user(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="feed:1")
    assert await api.call("unsubscribe", user="ana", channel="feed:1") == {}
    last = {"code": 2000, "reason": "server unsubscribe"}
    assert await ana.push() == {"channel": "feed:1", "unsubscribe": last}
    assert (await api.call("channels"))["channels"] == {}


async def test_the_server_may_disconnect_a_user_but_for_some(
    gateway: Gateway, api: Backend
) -> None:
    async with connected(gateway, "ana") as one, connected(gateway, "ana") as kept:
        why = {"code": 4001, "reason": "signed out"}
        call = {"user": "ana", "whitelist": [kept.state["client"]], "disconnect": why}
        assert await api.call("disconnect", **call) == {}
        assert await one.closed() == (4001, "signed out")
        assert "error" in await kept.ask("rpc", method="x")
        assert await api.call("disconnect", user="ana", client="another") == {}
        await api.call("disconnect", user="ana", client=kept.state["client"])
        assert await kept.closed() == (3503, "force disconnect")


async def test_the_server_may_prolong_or_end_a_connection(ana: Client, api: Backend) -> None:
    await api.call("refresh", user="ana", expire_at=int(time.time()) + 60)
    refreshed = (await ana.push())["refresh"]
    assert refreshed["expires"]
    assert refreshed["ttl"] in (59, 60)
    await api.call("refresh", user="ana")
    assert (await ana.push())["refresh"] == {}
    await api.call("refresh", user="ana", expired=True)
    assert await ana.closed() == (3005, "connection expired")


async def test_channels_are_listed_by_pattern(ana: Client, api: Backend) -> None:
    for channel in ("feed:1", "feed:2", "chat:1"):
        await ana.ask("subscribe", channel=channel)
        if channel == "chat:1":
            await ana.push()
    assert len((await api.call("channels"))["channels"]) == 3
    listed = (await api.call("channels", pattern="feed:*"))["channels"]
    assert listed == {"feed:1": {"num_clients": 1}, "feed:2": {"num_clients": 1}}


async def test_presence_and_its_counts(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="chat:1")
    client = ana.state["client"]
    present = await api.call("presence", channel="chat:1")
    assert present == {"presence": {client: {"user": "ana", "client": client}}}
    stats = await api.call("presence_stats", channel="chat:1")
    assert stats == {"num_clients": 1, "num_users": 1}


async def test_info_tells_about_the_server(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="feed:1")
    (node,) = (await api.call("info"))["nodes"]
    assert node["uid"]
    assert node["name"]
    counts = {name: node[f"num_{name}"] for name in ("clients", "users", "channels", "subs")}
    assert counts == {"clients": 1, "users": 1, "channels": 1, "subs": 1}


async def test_a_batch_answers_each_command_in_order(api: Backend) -> None:
    commands = [
        {"publish": {"channel": "feed:1", "data": 1}},
        {"publish": {"channel": "nowhere:1", "data": 1}},
        {"fly": {}},
        {"info": None},
        {"presence_stats": {"channel": "chat:1"}},
    ]
    answer = await api.call("batch", commands=commands)
    first, second, third, fourth, fifth = answer["replies"]
    assert first["publish"]["offset"] == 1
    assert second == {"error": {"code": 102, "message": "unknown channel"}}
    assert third["error"]["code"] == 104
    assert fourth["error"]["code"] == 107
    assert fifth == {"presence_stats": {"num_clients": 0, "num_users": 0}}


async def test_calls_about_nobody_succeed(api: Backend) -> None:
    assert await api.call("disconnect", user="nobody") == {}
    assert await api.call("refresh", user="nobody") == {}
    assert await api.call("subscribe", user="nobody", channel="feed:1") == {}
