"""What comes in by HTTP: bodies and encodings, browsers, and the error that bad input gets."""

import asyncio
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from hark_gateway.net.http import Request
from hark_gateway.protocols.pubnub.requests import read
from hark_gateway.server import Gateway
from tests.conformance.drivers import signed

from .scene import JAVASCRIPT, get, publish

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
    pytest.param(
        "/v2/subscribe/sub/a/0?tt=1&filter-expr=data%5B1e999%5D==1", 400, "whole number", id="index"
    ),
    pytest.param("/v2/subscribe/sub/a/0?heartbeat=x", 400, "Invalid heartbeat", id="heartbeat"),
    pytest.param("/v2/subscribe/nobody/a/0", 400, "Invalid Subscribe Key", id="unknown key"),
    pytest.param("/publish/pub/sub/0/room/0/%7B", 400, "Invalid JSON", id="bad JSON"),
    pytest.param("/publish/pub/sub/0/room/0/NaN", 400, "Invalid JSON", id="not a number"),
    pytest.param("/publish/pub/sub/0/room/0/" + "[" * 9000, 400, "Invalid JSON", id="deep JSON"),
    pytest.param("/publish/pub/sub/0/a.b.c.d/0/1", 400, "Wildcard maximum depth", id="dots"),
    pytest.param("/publish/pub/sub/0/a%2Cb/0/1", 400, "Invalid Channel", id="comma"),
    pytest.param("/publish/pub/sub/0/a-pnpres/0/1", 400, "Invalid Channel", id="presence channel"),
    pytest.param("/publish/other/sub/0/room/0/1", 400, "Invalid Key", id="wrong publish key"),
    pytest.param("/publish/pub/nobody/0/r/0/1", 400, "Invalid Key", id="unknown key to publish"),
    pytest.param("/signal/nobody/sub/0/r/0/1", 400, "Invalid Key", id="unknown key to signal"),
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
    pytest.param("/v1/blocks/sub-key/sub/hello", 404, "has no Functions", id="functions"),
    pytest.param("/v3/objects/sub/uuids", 404, "has no App Context", id="newer objects"),
    pytest.param("/v2/push/sub-key/sub/devices-apns2/d", 404, "has no mobile push", id="push 2"),
    pytest.param("/subscribe/sub/a/0/0", 404, "has no subscribe before", id="old subscribe"),
    pytest.param("/history/sub/a/0/10", 404, "has no history before", id="old history"),
    pytest.param("/v1/nothing/of/ours", 404, "Not Found", id="unknown service"),
    pytest.param("/v2/auth/audit/sub-key/sub", 404, "has no audit", id="audit"),
    pytest.param("/v1/auth/grant/sub-key/sub", 404, "Access Manager before", id="old grants"),
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
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"Access-Control-Allow-Origin: *" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 431


async def test_a_long_address_is_for_pubnubs_paths_alone(gateway: Gateway) -> None:
    for path, expected in (("/time/0", b"200"), ("/health", b"431"), ("/nowhere", b"431")):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET %b?a=%b HTTP/1.1\r\n\r\n" % (path.encode(), b"x" * 30_000))
        answer = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await writer.wait_closed()
        assert answer.split()[1] == expected, path


@pytest.mark.parametrize(("names", "expected"), [(10, 200), (11, 400)])
async def test_groups_are_counted_each_once_with_its_presence(
    http: httpx.AsyncClient, names: int, expected: int
) -> None:
    groups = ",".join(f"g{n},g{n}-pnpres" for n in range(names))
    for path in ("/v2/subscribe/sub/a/0", "/v2/presence/sub-key/sub/channel/a"):
        answer = await http.get(path, params={"tt": "0", "channel-group": groups})
        assert answer.status_code == expected
    groups = ",".join(f"g{n}" for n in range(names))
    answer = await http.get("/v2/subscribe/sub/a/0", params={"tt": "0", "channel-group": groups})
    assert answer.status_code == expected


async def test_a_channels_name_counts_as_it_is_not_as_it_is_written(
    http: httpx.AsyncClient,
) -> None:
    room = 32_768 - len("é".encode()) - len('""')
    await publish(http, "%C3%A9", "x" * room)


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


NUMBERS = [
    "-1", "-0", "0", "1", "1.5", "1e999", "NaN", "inf", "-inf", "Infinity", "9" * 17, "9" * 18,
    "9" * 19, "9223372036854775807", "18446744073709551616", "9" * 400, "1" * 5000, "0x1f", "1_0",
    "%D9%A3", "%00", "+1", "%2B1", "1,", ",",
]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/v2/subscribe/sub/a/0?tt=17000000000000000&heartbeat=*&limit=1&timestamp=*",
        "/v2/subscribe/sub/a/0?tt=0&tr=*&heartbeat=*",
        "/publish/pub/sub/0/a/0/*",
        "/publish/pub/sub/0/a/0/1?ttl=*&store=*&seqn=*",
        "/signal/pub/sub/0/a/0/*",
        "/v2/presence/sub-key/sub/channel/a/heartbeat?uuid=u&heartbeat=*",
        "/v2/presence/sub-key/sub/channel/a?limit=*&offset=*",
        "/v2/presence/sub-key/sub/channel/a/uuid/u/data?state=%7B%22n%22:*%7D",
        "/v3/history/sub-key/sub/channel/a?max=*",
        "/v3/history/sub-key/sub/channel/a?start=*",
        "/v3/history/sub-key/sub/channel/a?end=*",
        "/v3/history-with-actions/sub-key/sub/channel/a?start=*&end=*",
        "/v3/history/sub-key/sub/message-counts/a,b?channelsTimetoken=*",
        "/v2/history/sub-key/sub/channel/a?count=*&start=*",
        "/v1/message-actions/sub/channel/a?start=*&end=*&limit=*",
    ],
)
async def test_no_number_makes_a_call_fail(http: httpx.AsyncClient, path: str) -> None:
    await publish(http, "a", {"n": 1})
    for number in NUMBERS:
        answer = await http.get(path.replace("*", number))
        assert answer.status_code in (200, 400), (number, answer.text)


async def test_no_number_in_a_body_makes_a_call_fail(http: httpx.AsyncClient) -> None:
    for number in NUMBERS:
        body = f'{{"ttl":{number},"permissions":{{"resources":{{"channels":{{"a":{number}}}}}}}}}'
        path = "/v3/pam/sub-c/grant"
        query = signed("POST", path, body.encode())
        answer = await http.post(path, params=query, content=body)
        assert answer.status_code in (200, 400), (number, answer.text)


@pytest.mark.parametrize("depth", [200, 300, 500, 900, 9000])
async def test_a_token_is_granted_only_if_it_can_be_read_again(
    http: httpx.AsyncClient, depth: int
) -> None:
    meta = "[" * depth + "]" * depth
    wanted = f'{{"resources":{{"channels":{{"a":1}}}},"meta":{{"m":{meta}}}}}'
    body = f'{{"ttl":1,"permissions":{wanted}}}'
    path = "/v3/pam/sub-c/grant"
    answer = await http.post(path, params=signed("POST", path, body.encode()), content=body)
    if answer.status_code == 200:
        auth = answer.json()["data"]["token"]
        answer = await http.get("/v2/subscribe/sub-c/a/0", params={"tt": "0", "auth": auth})
        assert answer.status_code == 200, answer.text
    else:
        assert (answer.status_code, depth > 250) == (400, True)


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


@pytest.mark.parametrize(
    ("query", "value"),
    [("", True), ("store=", True), ("store", True), ("store=1", True), ("store=True", True),
     ("store=0", False), ("store=false", False)],
)  # fmt: skip
def test_a_parameter_that_is_empty_is_as_if_it_was_not_sent(query: str, value: bool) -> None:
    call = read(Request("GET", f"/publish?{query}".encode(), {}), 0)
    assert call.flag("store", default=True) is value
