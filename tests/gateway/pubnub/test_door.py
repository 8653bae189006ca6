"""The door: PubNub over plain HTTP, well meant and not, beside the other protocol on one hub."""

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from hark_gateway.protocols.pubnub import signature, tokens
from hark_gateway.protocols.pubnub.live import Interest
from hark_gateway.protocols.pubnub.tokens import Grant
from hark_gateway.server import Gateway
from tests.gateway.scene import Backend, backend, connected, running

OPEN = {"publish_key": "pub", "subscribe_key": "sub", "access_manager": False}
GUARDED = {"publish_key": "pub-c", "subscribe_key": "sub-c", "secret_key": "sec-c"}
PUBNUB = {"enabled": True, "keysets": [OPEN, GUARDED], "hold_time": "20s"}
JAVASCRIPT = 'text/javascript; charset="UTF-8"'


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


async def get(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """Return the body of an answer that must be a success."""
    answer = await http.get(path, params=query or None)
    assert (answer.status_code, answer.headers["content-type"]) == (200, JAVASCRIPT), answer.text
    return answer.json()


async def publish(http: httpx.AsyncClient, channel: str, message: Any, **query: Any) -> str:
    """Publish and return the timetoken."""
    answer = await http.post(f"/publish/pub/sub/0/{channel}/0", json=message, params=query)
    assert answer.status_code == 200, answer.text
    return str(answer.json()[2])


async def cursor(http: httpx.AsyncClient, channels: str, **query: Any) -> str:
    """Shake hands and return the timetoken to go on from."""
    answer = await get(http, f"/v2/subscribe/sub/{channels}/0", tt=0, **query)
    assert answer["m"] == []
    return str(answer["t"]["t"])


async def poll(http: httpx.AsyncClient, channels: str, tt: str, **query: Any) -> Any:
    return await get(http, f"/v2/subscribe/sub/{channels}/0", tt=tt, tr=1, **query)


async def polling(gateway: Gateway, http: httpx.AsyncClient, channels: str, **query: Any) -> Any:
    """Return a task that polls, once the gateway holds it."""
    tt = await cursor(http, channels, **query)
    task = asyncio.create_task(poll(http, channels, tt, **query))
    await until(lambda: any(interest.waiting for interest in interests(gateway)))
    return task


def interests(gateway: Gateway) -> list[Interest]:
    """Return what clients poll for, or did a moment ago."""
    assert gateway.pubnub is not None
    return gateway.pubnub._subscribing.interests


async def until(condition: Callable[[], bool]) -> None:
    """Let the gateway work until it has come so far."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (the gateway runs in this very loop)
            await asyncio.sleep(0)


# Across protocols


async def test_what_the_server_api_publishes_reaches_pubnubs_subscribers(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    waiting = await polling(gateway, http, "inbox.42", uuid="ana")
    async with backend(gateway) as api:
        await api.call("publish", channel="inbox:42", data={"modseq": 1}, tags={"k": "v"})
    (message,) = (await waiting)["m"]
    assert (message["c"], message["d"], message["u"]) == ("inbox.42", {"modseq": 1}, {"k": "v"})
    history = await get(http, "/v3/history/sub-key/sub/channel/inbox.42")
    assert history["channels"]["inbox.42"][0]["message"] == {"modseq": 1}


async def test_what_pubnub_publishes_reaches_centrifuges_subscribers(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    async with connected(gateway, subs=None, channels=["inbox:42"]) as listener:
        await publish(http, "inbox.42", {"hi": 1}, uuid="bo", meta='{"k":"v"}')
        push = await listener.push()
    assert (push["channel"], push["pub"]["data"]) == ("inbox:42", {"hi": 1})
    assert push["pub"]["tags"] == {"k": "v"}


async def test_what_must_not_be_kept_is_kept_by_neither(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend
) -> None:
    await publish(http, "inbox.42", 1, store=0)
    await api.call("publish", channel="inbox:42", data=2, skip_history=True)
    assert (await get(http, "/v3/history/sub-key/sub/channel/inbox.42"))["channels"] == {}
    assert (await api.call("history", channel="inbox:42", limit=10))["publications"] == []


async def test_a_channel_that_has_no_name_here_goes_unheard_and_does_no_harm(
    http: httpx.AsyncClient, api: Backend
) -> None:
    await api.call("publish", channel="chat:a b", data=1)
    await api.call("publish", channel="x" * 200, data=1)
    assert await get(http, "/time/0")


# Catching up


async def test_a_lost_answer_is_given_again(gateway: Gateway, http: httpx.AsyncClient) -> None:
    tt = await cursor(http, "room")
    await publish(http, "room", "one")
    await publish(http, "room", "two")
    for _ in range(2):
        answer = await poll(http, "room", tt)
        assert [message["d"] for message in answer["m"]] == ["one", "two"]
    assert answer["t"]["t"] == answer["m"][-1]["p"]["t"]


async def test_messages_published_in_one_turn_leave_in_one_answer(
    gateway: Gateway, http: httpx.AsyncClient, api: Backend
) -> None:
    waiting = await polling(gateway, http, "inbox.1,inbox.2,inbox.3")
    await api.call("broadcast", channels=["inbox:1", "inbox:2", "inbox:3"], data={"n": 1})
    assert [message["c"] for message in (await waiting)["m"]] == ["inbox.1", "inbox.2", "inbox.3"]


async def test_a_cursor_in_the_future_waits(gateway: Gateway, http: httpx.AsyncClient) -> None:
    future = str(int(await cursor(http, "room")) + 10**12)
    task = asyncio.create_task(poll(http, "room", future))
    await until(lambda: any(interest.waiting for interest in interests(gateway)))
    await publish(http, "room", "now")
    await get(http, "/time/0")
    assert not task.done()
    assert gateway.pubnub is not None
    gateway.pubnub.drain()
    assert (await task)["t"]["t"] == future


async def test_a_filter_that_wants_nothing_keeps_waiting(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    waiting = await polling(gateway, http, "room", **{"filter-expr": "n>1"})
    await publish(http, "room", "unwanted", meta='{"n":1}')
    await get(http, "/time/0")
    assert not waiting.done()
    await publish(http, "room", "wanted", meta='{"n":2}')
    assert [message["d"] for message in (await waiting)["m"]] == ["wanted"]


async def test_draining_answers_polls_with_nothing_rather_than_with_an_error() -> None:
    async with running(pubnub=PUBNUB) as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        async with httpx.AsyncClient(base_url=url) as http:
            waiting = await polling(gateway, http, "room")
            await gateway.stop()
            assert (await waiting)["m"] == []
        gateway.stop = nothing  # type: ignore[method-assign]


async def nothing() -> None:
    """Be stopped already."""


async def test_a_poller_that_vanishes_frees_its_place(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    async with httpx.AsyncClient(base_url=http.base_url) as brief:
        waiting = await polling(gateway, brief, "room")
        waiting.cancel()
    (interest,) = interests(gateway)
    await until(lambda: not interest.waiting)
    await publish(http, "room", "nobody")


# Bodies and encodings


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("gzip", gzip.compress(b'{"a":1}')),
        ("gzip", zlib.compress(b'{"a":1}')),  # what the Python SDK sends under that name
        ("deflate", zlib.compress(b'{"a":1}')),
        ("deflate", zlib.compressobj(wbits=-15).compress(b"") + zlib.compress(b'{"a":1}')[2:-4]),
        ("identity", b'{"a":1}'),
    ],
    ids=["gzip", "zlib called gzip", "zlib", "bare deflate", "plain"],
)
async def test_a_body_is_inflated_by_what_it_is(
    http: httpx.AsyncClient, name: str, packed: bytes
) -> None:
    headers = {} if name == "identity" else {"Content-Encoding": name}
    path = "/publish/pub/sub/0/room/0"
    answer = await http.post(path, content=packed, headers=headers)
    assert answer.status_code == 200, answer.text
    found = await get(http, "/v3/history/sub-key/sub/channel/room")
    assert found["channels"]["room"][0]["message"] == {"a": 1}


async def test_a_bomb_is_not_inflated(http: httpx.AsyncClient) -> None:
    bomb = zlib.compress(b'"' + b"x" * 50_000_000 + b'"', 9)
    headers = {"Content-Encoding": "deflate"}
    answer = await http.post("/publish/pub/sub/0/room/0", content=bomb, headers=headers)
    assert answer.status_code == 400
    assert await get(http, "/time/0")


async def test_slashes_and_pluses_in_a_message_stay_what_they_are(http: httpx.AsyncClient) -> None:
    await get(http, "/publish/pub/sub/0/room/0/%22a%2Fb+c%20d%22")
    found = await get(http, "/v3/history/sub-key/sub/channel/room")
    assert found["channels"]["room"][0]["message"] == "a/b+c d"


async def test_lists_come_with_plain_and_encoded_commas(http: httpx.AsyncClient) -> None:
    for path in ("a,b", "a%2Cb", "%2C", ","):
        group = "" if "a" in path else "&channel-group=g%2Ch"
        answer = await http.get(f"/v2/subscribe/sub/{path}/0?tt=0{group}")
        assert answer.status_code == 200


# What bad input gets

BAD = [
    pytest.param("/v2/subscribe/sub/room/0?tt=-1", 400, "Invalid timetoken", id="negative"),
    pytest.param("/v2/subscribe/sub/room/0?tt=abc", 400, "Invalid timetoken", id="letters"),
    pytest.param("/v2/subscribe/sub/room/0?tt=" + "9" * 30, 400, "Invalid timetoken", id="huge"),
    pytest.param("/v2/subscribe/sub/,/0", 400, "Missing channel", id="no channel"),
    pytest.param("/v2/subscribe/sub/a:b/0", 400, "Invalid channel", id="reserved character"),
    pytest.param(f"/v2/subscribe/sub/{'x' * 2000}/0", 400, "Invalid channel", id="long name"),
    pytest.param("/v2/subscribe/sub/a.b.c.*/0", 400, "Invalid channel", id="deep wildcard"),
    pytest.param("/v2/subscribe/sub/%ff%fe/0", 400, "Invalid", id="no UTF-8"),
    pytest.param(f"/v2/subscribe/sub/{'a,' * 2001}b/0", 400, "Too many", id="many channels"),
    pytest.param("/v2/subscribe/sub/a/0?filter-expr=((", 400, "Invalid filter", id="filter"),
    pytest.param("/v2/subscribe/sub/a/0?heartbeat=x", 400, "Invalid heartbeat", id="heartbeat"),
    pytest.param("/v2/subscribe/nobody/a/0", 403, "Invalid Subscribe Key", id="unknown key"),
    pytest.param("/publish/pub/sub/0/room/0/%7B", 400, "Invalid JSON", id="bad JSON"),
    pytest.param("/publish/pub/sub/0/room/0/NaN", 400, "Invalid JSON", id="not a number"),
    pytest.param("/publish/pub/sub/0/room/0/" + "[" * 9000, 400, "Invalid JSON", id="deep JSON"),
    pytest.param("/publish/pub/sub/0/a.b.c.d/0/1", 400, "Wildcard maximum depth", id="dots"),
    pytest.param("/publish/pub/sub/0/a%2Cb/0/1", 400, "Invalid Channel", id="comma"),
    pytest.param("/publish/pub/sub/0/a-pnpres/0/1", 400, "Invalid Channel", id="presence channel"),
    pytest.param("/publish/other/sub/0/room/0/1", 403, "Invalid Key", id="wrong publish key"),
    pytest.param("/publish/pub/sub/0/room/0/1?ttl=x", 400, "Invalid ttl", id="ttl"),
    pytest.param("/publish/pub/sub/0/room/0/1?meta=%7B", 400, "Invalid JSON", id="meta"),
    pytest.param(
        "/publish/pub/sub/0/r/0/1?custom_message_type=pn_x", 400, "custom_message_type", id="type"
    ),
    pytest.param("/publish/pub/sub/0/r/0/1?uuid=" + "u" * 93, 400, "Invalid uuid", id="uuid"),
    pytest.param(f"/signal/pub/sub/0/room/0/%22{'x' * 63}%22", 400, "Signal size", id="signal"),
    pytest.param("/v3/history/sub-key/sub/channel/a?start=x", 400, "start", id="history bound"),
    pytest.param("/v3/history/sub-key/sub/channel/a?max=-1", 400, "max", id="history limit"),
    pytest.param("/v3/history/sub-key/sub/message-counts/a,b?timetoken=", 400, "", id="counts"),
    pytest.param("/v2/presence/sub-key/sub/channel/a?limit=x", 400, "limit", id="here-now limit"),
    pytest.param(
        "/v2/presence/sub-key/sub/channel/a/uuid/u/data", 400, "No state specified.", id="no state"
    ),
    pytest.param(
        "/v2/presence/sub-key/sub/channel/a/uuid/u/data?state=1", 400, "Invalid JSON", id="state"
    ),
    pytest.param(
        "/v1/channel-registration/sub-key/sub/channel-group/a:b", 400, "Reserved", id="group"
    ),
    pytest.param("/v1/message-actions/sub/channel/a?limit=x", 400, "invalid input", id="actions"),
    pytest.param("/v2/objects/sub/uuids", 404, "has no App Context", id="objects"),
    pytest.param("/v1/files/sub/channels/a/files", 404, "has no file sharing", id="files"),
    pytest.param("/v1/push/sub-key/sub/devices/d", 404, "has no mobile push", id="push"),
    pytest.param("/v2/auth/grant/sub-key/sub", 404, "Access Manager before", id="old grants"),
    pytest.param("/v2/subscribe/sub/a", 404, "Not Found", id="half a path"),
    pytest.param("/publish/pub/sub/0/room/0/%22" + "x" * 33_000 + "%22", 414, "Too Long", id="URI"),
]


@pytest.mark.parametrize(("path", "status", "words"), BAD)
async def test_bad_input_gets_pubnubs_own_error_and_keeps_the_connection(
    http: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert words in json.dumps(body)
    assert body[0] == 0 if isinstance(body, list) else body["status"] == status
    assert answer.headers["content-type"] == JAVASCRIPT
    assert answer.headers["access-control-allow-origin"] == "*"
    assert await get(http, "/time/0")


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        pytest.param({"content": b"x" * 131_073}, 413, "Request Entity Too Large", id="body"),
        pytest.param({"headers": {"x": "x" * 66_000}}, 431, "Request head too long", id="headers"),
    ],
)
async def test_what_is_too_long_to_be_read_gets_an_answer_that_pages_can_read(
    http: httpx.AsyncClient, asked: dict[str, Any], status: int, words: str
) -> None:
    answer = await http.post("/publish/pub/sub/0/room/0", **asked)
    assert (answer.status_code, words in json.dumps(answer.json())) == (status, True)
    assert answer.headers["content-type"] == JAVASCRIPT
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_so_does_an_address_whose_end_is_never_read(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /publish/pub/sub/0/room/0/" + b"x" * 70_000)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"Access-Control-Allow-Origin: *" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 431


async def test_a_message_at_the_limit_goes_through_and_one_byte_more_does_not(
    http: httpx.AsyncClient,
) -> None:
    room = 32_768 - len("room") - len('""')
    await publish(http, "room", "x" * room)
    answer = await http.post("/publish/pub/sub/0/room/0", json="x" * (room + 1))
    assert (answer.status_code, answer.json()[1]) == (400, "Message Too Large")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/message-actions/sub/channel/a/message/1", b"{}"),
        ("POST", "/v1/message-actions/sub/channel/a/message/1", b"no JSON"),
        ("POST", "/v1/message-actions/sub/channel/a/message/1", b'{"type":1,"value":"x"}'),
        ("POST", "/v1/message-actions/sub/channel/a/message/x", b'{"type":"t","value":"x"}'),
        ("DELETE", "/v1/message-actions/sub/channel/a/message/1/action/2", b""),
    ],
)
async def test_a_bad_action_is_refused_in_its_own_form(
    http: httpx.AsyncClient, method: str, path: str, body: bytes
) -> None:
    answer = await http.request(method, path, content=body, params={"uuid": "ana"})
    assert (answer.status_code, answer.json()["error"]["source"]) == (400, "actions")


async def test_an_action_is_removed_only_by_who_added_it(http: httpx.AsyncClient) -> None:
    path = "/v1/message-actions/sub/channel/a/message/1"
    action = {"type": "reaction", "value": "smile"}
    added = (await http.post(path, json=action, params={"uuid": "ana"})).json()["data"]
    remove = f"{path}/action/{added['actionTimetoken']}"
    refused = await http.delete(remove, params={"uuid": "bo"})
    assert "wrong uuid" in refused.json()["error"]["message"]
    assert (await http.delete(remove, params={"uuid": "ana"})).status_code == 200


# Browsers


async def test_a_browser_may_ask_from_any_page(http: httpx.AsyncClient) -> None:
    headers = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "content-type,content-encoding",
    }
    answer = await http.options("/v3/history/sub-key/sub-c/channel/a", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type,content-encoding"


# Access


def granted(*, user: str | None = "ana", minutes: int = 60, since: int = 0, **channels: int) -> str:
    """Return a token for the guarded keyset."""
    grant = Grant(
        granted_at=int(time.time()) + since,
        ttl=minutes,
        resources={"channels": channels},
        uuid=user,
    )
    return tokens.encode(grant, tokens.signing_key("sec-c", "sub-c"))


@pytest.mark.parametrize(
    "path",
    [
        "/v2/subscribe/sub-c/room/0",
        "/publish/pub-c/sub-c/0/room/0/1",
        "/signal/pub-c/sub-c/0/room/0/1",
        "/v3/history/sub-key/sub-c/channel/room",
        "/v3/history-with-actions/sub-key/sub-c/channel/room",
        "/v3/history/sub-key/sub-c/message-counts/room?timetoken=1",
        "/v2/history/sub-key/sub-c/channel/room",
        "/v2/presence/sub-key/sub-c/channel/room",
        "/v2/presence/sub-key/sub-c",
        "/v2/presence/sub-key/sub-c/channel/room/heartbeat",
        "/v2/presence/sub-key/sub-c/channel/room/uuid/u",
        "/v2/presence/sub-key/sub-c/channel/room/uuid/u/data?state={}",
        "/v1/message-actions/sub-c/channel/room",
        "/v1/channel-registration/sub-key/sub-c/channel-group/g",
        "/v1/channel-registration/sub-key/sub-c/channel-group",
        "/v1/channel-registration/sub-key/sub-c/channel-group/g/remove",
    ],
)
async def test_every_operation_wants_a_permission(http: httpx.AsyncClient, path: str) -> None:
    separator = "&" if "?" in path else "?"
    for credential in ("", f"auth={granted(elsewhere=255)}&uuid=ana"):
        answer = await http.get(f"{path}{separator}{credential}")
        assert answer.status_code == 403, answer.text
        assert answer.json()["service"] == "Access Manager"


async def test_a_refused_subscriber_leaves_nothing_behind(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    for number in range(3):
        answer = await http.get(f"/v2/subscribe/sub-c/room-{number}/0")
        assert answer.status_code == 403
    assert interests(gateway) == []


async def test_only_the_refused_names_are_told(http: httpx.AsyncClient) -> None:
    query = {"uuid": "ana", "auth": granted(a=1), "channel-group": "g"}
    answer = await http.get("/v2/subscribe/sub-c/a,b,a-pnpres/0", params=query)
    assert answer.json()["payload"] == {"channels": ["b", "a-pnpres"], "channel-groups": [":g"]}


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (granted(room=1, minutes=1, since=-60), "Token is expired."),
        (granted(room=1, user="bo"), "Forbidden"),
        (granted(room=1)[:-4] + "AAA=", "Invalid token"),
        (tokens.encode(Grant(granted_at=1, ttl=1), b"another key"), "Invalid token"),
        ("é", "Invalid token"),
        ("x" * 10_000, "Invalid token"),
    ],
    ids=["expired", "another's", "forged", "foreign", "not ASCII", "long"],
)
async def test_a_bad_token_is_refused_with_its_reason(
    http: httpx.AsyncClient, token: str, words: str
) -> None:
    query = {"uuid": "ana", "auth": token}
    answer = await http.get("/v3/history/sub-key/sub-c/channel/room", params=query)
    assert (answer.status_code, answer.json()["message"]) == (403, words)


async def test_one_setting_relaxes_the_check_of_the_user_alone() -> None:
    async with running(pubnub=PUBNUB | {"require_uuid": False}) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/v3/history/sub-key/sub-c/channel"
        query = {"uuid": "somebody else", "auth": granted(room=1)}
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{url}/room", params=query)).status_code == 200
            assert (await http.get(f"{url}/other", params=query)).status_code == 403


async def test_an_old_signature_is_refused(http: httpx.AsyncClient) -> None:
    path = "/v3/history/sub-key/sub-c/channel/room"
    for age, status in ((0, 200), (50, 200), (70, 403), (-70, 403)):
        query = {"timestamp": str(int(time.time()) - age), "uuid": "server"}
        string = signature.string_to_sign("pub-c", method="GET", path=path, query=query)
        query["signature"] = signature.sign("sec-c", string)
        answer = await http.get(path, params=query)
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json()["message"] == "Invalid Timestamp"


async def test_a_token_without_its_padding_or_with_more_stays_revoked(
    http: httpx.AsyncClient, gateway: Gateway
) -> None:
    assert gateway.pubnub is not None
    token = granted(room=1, room_b=1)
    keyset = gateway.pubnub.service.gatekeeper.keyset("sub-c")
    signature_of = keyset.token(token).signature
    gateway.pubnub.service.revocations.add(signature_of, expires=2**40)
    for spelling in (token, token.rstrip("="), token + "=", f"{token}=="):
        query = {"uuid": "ana", "auth": spelling}
        answer = await http.get("/v3/history/sub-key/sub-c/channel/room", params=query)
        assert answer.status_code == 403
