"""Rows 1 and 2: framing, ids, pings, the first command, and how connections end."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from hark_gateway.server import Gateway
from tests.gateway.scene import Backend, Client, client, connected, running, token


async def test_commands_in_one_message_are_answered_in_order(stranger: Client) -> None:
    await stranger.send(
        {"connect": {"token": token(), "name": "js"}, "id": 7},
        {"subscribe": {"channel": "feed:1", "flag": 1}, "id": 8},
        {"id": 9, "rpc": {"method": "x"}},
    )
    assert [(await stranger.receive())["id"] for _ in range(3)] == [7, 8, 9]


async def test_a_trailing_line_feed_is_no_command(stranger: Client) -> None:
    await stranger.send(json.dumps({"id": 1, "connect": {"token": token()}}) + "\n")
    assert (await stranger.receive())["id"] == 1


async def test_json_may_come_in_binary_frames(stranger: Client) -> None:
    await stranger.socket.send(json.dumps({"id": 1, "connect": {"token": token()}}).encode())
    assert (await stranger.receive())["id"] == 1


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("", id="nothing"),
        pytest.param("{}", id="a pong that nobody asked for"),
        pytest.param('{"id":2,"ping":{}}', id="ping"),
        pytest.param('{"id":2,"fly":{}}', id="no such method"),
        pytest.param('{"presence":{"channel":"chat:1"}}', id="no id"),
        pytest.param('{"id":2,"connect":{}}', id="connect again"),
        pytest.param('{"id":2,"subscribe":{}}', id="no channel"),
        pytest.param('{"id":2,"subscribe":{"channel":""}}', id="an empty channel"),
        pytest.param('{"id":2,"subscribe":{"channel":7}}', id="a number for a channel"),
        pytest.param('{"id":2,"subscribe":{"channel":"feed:1","delta":"x"}}', id="unknown delta"),
        pytest.param('{"id":4294967296,"rpc":{}}', id="an id beyond 32 bits"),
        pytest.param('{"id":2,"rpc":{"data":"\\ud800"}', id="cut off"),
    ],
)
async def test_what_breaks_the_protocol_closes_with_3501(ana: Client, command: str) -> None:
    await ana.send(command)
    assert await ana.closed() == (3501, "bad request")


async def test_text_that_is_not_utf_8_is_not_passed_on(ana: Client) -> None:
    command = b'{"id":2,"publish":{"channel":"feed:1","data":"\xff"}}'
    await ana.socket.send(command)  # in a binary frame, where RFC 6455 lets it pass
    assert await ana.closed() == (3501, "bad request")


async def test_unknown_fields_are_ignored_and_null_counts_as_absent(ana: Client) -> None:
    await ana.send('{"id":2,"new":1,"connect":null,"rpc":{"method":null,"new":{}}}')
    assert (await ana.receive())["error"]["code"] == 108


async def test_of_several_methods_the_first_in_the_protocols_order_counts(ana: Client) -> None:
    both = {"publish": {"channel": "feed:1", "data": 1}, "subscribe": {"channel": "feed:1"}}
    await ana.send({"id": 2} | both)
    assert "subscribe" in await ana.receive()


async def test_a_message_to_nobody_closes_for_good(ana: Client) -> None:
    await ana.send({"send": {"data": {}}})
    assert await ana.closed() == (3508, "not available")


async def test_payloads_keep_every_byte_but_line_feeds(ana: Client, api: Backend) -> None:
    await ana.ask("subscribe", channel="feed:1")
    body = b'{"channel":"feed:1","data":{ "a" :\r\n [1.0,1e3, "\\u00e9\xc3\xa9" ] }}'
    assert (await api.http.post("/api/publish", content=body)).status_code == 200
    text = await ana.socket.recv(decode=False)
    assert b'"data":{ "a" :\r [1.0,1e3, "\\u00e9\xc3\xa9" ] }' in text


@pytest.mark.parametrize("data", [None, 0, "", [], {}, "text", [None]])
async def test_any_json_value_is_a_message(ana: Client, data: object) -> None:
    await ana.ask("subscribe", channel="feed:1")
    await ana.send({"id": 9, "publish": {"channel": "feed:1", "data": data}})
    messages = [await ana.receive(), await ana.receive()]
    assert {"id": 9, "publish": {}} in messages
    pushes = [each["push"]["pub"]["data"] for each in messages if "push" in each]
    assert pushes == [data]


async def test_native_pings_replace_the_protocols_own() -> None:
    hurried = {"ping_interval": "1s", "pong_timeout": "200ms"}
    async with (
        running(client=hurried) as gateway,
        client(gateway, "?cf_ws_frame_ping_pong=true") as wscat,
    ):
        await wscat.ask("connect", token=token())
        async with connected(gateway) as other:  # whose pings show that time has passed
            for _ in range(2):
                assert await other.receive() == {}
                await other.send("{}")
        assert "error" in await wscat.ask("rpc", method="x")


async def test_the_subprotocol_is_named_only_if_it_was_offered(gateway: Gateway) -> None:
    async with client(gateway, subprotocols=["centrifuge-json"]) as one, client(gateway) as other:
        assert one.socket.subprotocol == "centrifuge-json"
        assert other.socket.subprotocol is None


async def test_pages_of_origins_that_are_not_allowed_are_refused(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with client(gateway, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_ids_need_not_grow(gateway: Gateway) -> None:
    async with connected(gateway) as ana:
        for number in (5, 5, 1):
            await ana.send({"id": number, "rpc": {"method": "x"}})
            assert (await ana.receive())["id"] == number
