"""Whatever a client sends, it gets an answer that is not a fault of ours, and soon."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub import signature
from hark_gateway.server import Gateway
from tests.gateway.scene import configured

from .scene import PUBNUB, door_of, string_to_sign

# Signed requests need a clock and a secret, so the keyset is the open one.
PATHS = [
    "/time/0",
    "/publish/pub/sub/0/{}/0/{}",
    "/publish/pub/sub/0/{}/0",
    "/signal/pub/sub/0/{}/0/{}",
    "/v2/subscribe/sub/{}/0",
    "/v2/subscribe/{}/room/0",
    "/v2/presence/sub-key/sub/channel/{}",
    "/v2/presence/sub-key/sub/channel/{}/heartbeat",
    "/v2/presence/sub-key/sub/channel/{}/leave",
    "/v2/presence/sub-key/sub/channel/{}/uuid/{}",
    "/v2/presence/sub-key/sub/channel/{}/uuid/{}/data",
    "/v2/presence/sub-key/sub/uuid/{}",
    "/v2/presence/sub-key/sub",
    "/v3/history/sub-key/sub/channel/{}",
    "/v3/history-with-actions/sub-key/sub/channel/{}",
    "/v3/history/sub-key/sub/message-counts/{}",
    "/v2/history/sub-key/sub/channel/{}",
    "/v1/message-actions/sub/channel/{}",
    "/v1/message-actions/sub/channel/{}/message/{}",
    "/v1/message-actions/sub/channel/{}/message/{}/action/{}",
    "/v1/channel-registration/sub-key/sub/channel-group/{}",
    "/v1/channel-registration/sub-key/sub/channel-group/{}/remove",
    "/v2/auth/grant/sub-key/{}",
    "/v3/pam/{}/grant",
    "/v3/pam/sub-c/grant/{}",
    "/v1/blocks/{}/{}",
]
NAMES = [
    "tt", "tr", "uuid", "auth", "heartbeat", "state", "filter-expr", "channel-group", "store",
    "ttl", "meta", "norep", "custom_message_type", "start", "end", "max", "count", "limit",
    "offset", "reverse", "include_token", "include_meta", "include_uuid", "disable_uuids",
    "timetoken", "channelsTimetoken", "add", "remove", "timestamp", "signature", "channel",
    "target-uuid", "r", "w", "",
]  # fmt: skip
NUMBERS = [
    "0", "-1", "1", "17000000000000000", "9223372036854775807", "9223372036854775808", "1e30",
    "1E999", "-0", "+1", "0x10", "1.5", "nan", "inf", "٣", "²", "9" * 19, "9" * 400, " 1", "1_0",
]  # fmt: skip
TEXTS = [
    "room", "room-pnpres", "-pnpres", "-pnpres-pnpres", "a.*", "a.*-pnpres", "*", ".*", "a..*",
    ".", "..", ",", ",,", "%2C", "%252C", "%", "%zz", "%ff", "%00", "%ed%a0%80", "%0d%0a", "+",
    "a b", "é", "x" * 93, "x" * 3000, "g,g-pnpres", "null", "true", "[]", "{}", '"', '"\\ud800"',
    "[" * 300 + "]" * 300, '{"a":' * 200 + "1" + "}" * 200, '{"room":{"a":1}}', '{"room":1}',
    '{"a":1,"a":2}', "1e999", "-1e999", '{"n":1e999}', "meta.a == 1", "((((", "a like '%*%*%'",
    "data[1e999]==1", "data.a.b.c > 1 && !(b contains 'x')", "a == 'x' ||", "1/0 == 1", "1 % 0",
]  # fmt: skip
BODIES = [
    b"", b"{", b"null", b"[1]", b'"\xff"', b'{"type":"r","value":"v"}', b'{"type":1,"value":[]}',
    b'{"type":"' + b"x" * 20 + b'","value":"v"}', b"[" * 5000, b"1" * 5000, b"\x1f\x8b\x08",
    b"\x78\x9c", b"\x00", b'{"permissions":{},"ttl":1e400}', b'{"permissions":[],"ttl":1}',
]  # fmt: skip

values = st.sampled_from([*NUMBERS, *TEXTS]) | st.text(max_size=30)
raw = values.map(lambda value: quote(value, safe="%,*+")) | values.map(quote)
parameters = st.lists(st.tuples(st.sampled_from(NAMES), raw).map("=".join) | raw, max_size=8).map(
    "&".join
)
methods = st.sampled_from(["GET"] * 6 + ["POST", "DELETE", "PATCH", "PUT", "OPTIONS", "PROPFIND"])
headers = st.sampled_from(
    [
        "",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=\r\n",
        "Content-Type: \xff\r\n",
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: br, br, br\r\n",
        "Access-Control-Request-Headers: a\x7fb\r\n",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return one request as it goes over the wire: mostly a real path, with odd parts."""
    template = draw(st.sampled_from(PATHS))
    path = template.format(*(draw(raw) for _ in range(template.count("{}"))))
    query = draw(parameters)
    body = draw(st.sampled_from(BODIES) | st.binary(max_size=50))
    head = (
        f"{draw(methods)} {path}?{query} HTTP/1.1\r\nHost: h\r\n{draw(headers)}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


class Stage:
    """A gateway that asks for no rights, in a loop of its own, and one way to ask it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.gateway = Gateway(configured(pubnub=PUBNUB))
        self.loop.run_until_complete(self.gateway.start())

    def close(self) -> None:
        self.loop.run_until_complete(self.gateway.stop())
        self.loop.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        return self.loop.run_until_complete(asyncio.wait_for(self._ask(request), 10))

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
        try:
            writer.write(request)
            answer = asyncio.ensure_future(self._read(reader))
            while not answer.done():
                await asyncio.wait([answer], timeout=0.05)
                await door_of(self.gateway).drain(1)  # it may be a poll, which is held
            return answer.result()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return int(head.split(b" ")[1]), await reader.readexactly(length)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
bits = st.sampled_from([*range(256)] * 4 + [-1, 256, None, 1e9])
resources = st.dictionaries(
    st.sampled_from(["channels", "groups", "uuids", "users", "spaces", "objects"]),
    st.dictionaries(st.sampled_from(TEXTS) | st.text(max_size=10), bits, max_size=3),
)
grants = st.fixed_dictionaries(
    {
        "ttl": st.sampled_from([1, 60, 43_200] * 4 + [-1, 0, 43_201, 10**30]),
        "permissions": st.fixed_dictionaries(
            {"resources": resources},
            optional={
                "patterns": resources,
                "meta": st.dictionaries(st.text(max_size=5), json_values, max_size=3),
                "uuid": st.text(max_size=5) | st.none(),
            },
        ),
    }
)


def signed(path: str, body: bytes) -> bytes:
    query = {"timestamp": str(int(time.time()))}
    string = string_to_sign("pub-c", method="POST", path=path, query=query, body=body)
    url = f"{path}?timestamp={query['timestamp']}&signature={signature.sign('sec-c', string)}"
    head = f"POST {url} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def deep(levels: int) -> bytes:
    meta = '{"a":' * levels + "1" + "}" * levels
    resources = '{"channels":{"room":1}}'
    return f'{{"ttl":1,"permissions":{{"resources":{resources},"meta":{meta}}}}}'.encode()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=grants.map(lambda grant: json.dumps(grant).encode()))
@example(body=deep(100))
@example(body=deep(500))
@example(body=deep(3000))
@example(body=deep(0).replace(b'"meta":1', b'"uuid":""'))
@example(body=deep(0).replace(b'"meta":1', b'"uuid":"%s"' % (b"u" * 93)))
def test_what_is_granted_is_a_token_that_can_be_shown(
    stage: Stage, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    caplog.set_level(logging.ERROR)
    status, answer = stage.ask(signed("/v3/pam/sub-c/grant", body))
    assert status in {200, 400}, answer
    if status == 200:
        token = quote(json.loads(answer)["data"]["token"])
        uuid = json.loads(body)["permissions"].get("uuid")
        path = f"/v2/presence/sub-key/sub-c/channel/,?auth={token}"
        path += "" if uuid is None else f"&uuid={quote(uuid)}"
        shown, answer = stage.ask(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert shown == 200, answer
    assert not caplog.records


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=requests())
@example(b"GET /v2/subscribe/sub/room/0?tt=1e30 HTTP/1.1\r\nHost: h\r\n\r\n")
@example(b"GET /v2/subscribe/sub/room/0?tt=9223372036854775807 HTTP/1.1\r\nHost: h\r\n\r\n")
def test_every_request_gets_an_answer_in_the_protocols_form(
    stage: Stage, caplog: pytest.LogCaptureFixture, request: bytes
) -> None:
    caplog.set_level(logging.ERROR)
    status, body = stage.ask(request)
    assert status < 500, caplog.text
    assert not caplog.records
    if request.startswith(b"OPTIONS"):
        assert status in {200, 400}
    else:
        assert json.loads(body) is not None or b"null" in body
