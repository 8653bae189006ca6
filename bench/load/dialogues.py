"""How a client of each kind opens its connection, as generators.

A dialogue yields what to send and which bytes end the answer, and is given the answer. When it
returns, the client is open and only listens.
"""

import json
import random
import re
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bench.load.grants import KEYSET, grant_target_and_body, token_in
from bench.load.wire import field as json_field
from bench.load.wire import sign_token, text_frame

T = TypeVar("T")
Steps = Generator[tuple[bytes, bytes], bytes, T]
Dialogue = Steps[None]

# What a browser sends, without an Origin, which would be a question of configuration.
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: */*\r\nAccept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
    "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
)
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n" + BROWSER + "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
END_OF_HEAD = b"\r\n\r\n"


class Refused(Exception):
    """A server answered an opening with something else than it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a swarm's clients knock, and how.

    Args:
        port: On 127.0.0.1.
        kind: A key of `OPENINGS`.
        path: For HTTP and WebSocket.
        channel: What a client subscribes to; `{n}` stands for the channel's number.
        secret: Signs the clients' tokens.
        framed: Whether what arrives is WebSocket frames of JSON lines.
        body: For HTTP calls: what to post; `{n}` stands for the channel's number.
        headers: For HTTP calls, besides the length.
        calls: For HTTP calls: how many each client makes.
        channels: How many channels the clients or calls share; 0 for one each.
        many: For long polls: on how many of those channels, drawn by lot, each client polls.
        guarded: For long polls: whether each client has a token, which it asks for at first.
    """

    port: int
    kind: str
    path: str = "/"
    channel: str = ""
    secret: str = ""
    framed: bool = False
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    calls: int = 0
    channels: int = 0
    many: int = 1
    guarded: bool = False

    def name_for(self, template: str, number: int) -> str:
        """Return `template` with the number of the channel that belongs to client `number`."""
        return template.replace("{n}", str(number % self.channels if self.channels else number))

    def at(self, port: int) -> "Door":
        """Return the same door on another port."""
        return replace(self, port=port)


@dataclass(slots=True)
class Place:
    """What a client remembers between two connections.

    Args:
        token: Who it is.
        epoch, offset: Its position in the channel's stream.
        recovered: Whether it was given all that it missed when it last came back.
        tries: How often it was refused or disconnected.
    """

    token: str = ""
    epoch: str = ""
    offset: int = 0
    recovered: bool = False
    tries: int = 0


def bare(_door: Door, _number: int, _place: Place) -> Dialogue:
    """Say nothing: the server writes as soon as it likes."""
    return
    yield


def websocket(door: Door, _number: int, _place: Place) -> Dialogue:
    """Upgrade, and listen."""
    _expect(b"101", (yield _upgrade(door), END_OF_HEAD))


def sse(door: Door, _number: int, _place: Place) -> Dialogue:
    """Ask for a stream of events, and listen once it is open."""
    request = f"GET {door.path} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n{BROWSER}\r\n"
    _expect(b"200", (yield request.encode(), b"stream-open"))


def centrifuge(door: Door, number: int, place: Place) -> Dialogue:
    """Upgrade, connect with a token, subscribe; recover what was missed since the last time.

    Connect and subscribe leave in one message, as the JavaScript SDK sends them. A client that
    is told that its position is void reads the channel's history, as an application would.
    """
    channel = door.name_for(door.channel, number)
    _expect(b"101", (yield _upgrade(door), END_OF_HEAD))
    subscribe: dict[str, object] = {"channel": channel, "flag": 1}
    if place.epoch:
        subscribe |= {"recover": True, "epoch": place.epoch, "offset": place.offset}
    commands = [
        {"connect": {"token": place.token, "name": "js"}, "id": 1},
        {"subscribe": subscribe, "id": 2},
    ]
    reply = yield text_frame(_lines(commands)), b'"subscribe":{'
    place.recovered = b'"recovered":true' in reply
    if place.recovered:
        return
    if place.epoch:
        history = {"history": {"channel": channel, "limit": -1}, "id": 3}
        reply = yield text_frame(_lines([history])), b'"history":{'
    place.epoch = json_field("epoch", reply).decode()
    place.offset = int(json_field("offset", reply) or 0)


def http_calls(door: Door, number: int, _place: Place) -> Dialogue:
    """Post one request after the other on a connection that is kept alive."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in door.headers.items())
    head = f"POST {door.path} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n{headers}"
    for call in range(door.calls):
        body = door.name_for(door.body, number * door.calls + call)
        request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        reply = yield request, b"}"
        _expect(b"200", reply)
        if b'"result":' not in reply:
            raise Refused(repr(reply))


def pubnub_poll(door: Door, number: int, place: Place) -> Dialogue:
    """Shake hands, to learn from when on to poll; `polling.Poller` does the rest."""
    if door.guarded:
        place.token = yield from _granted(door, f"user-{number}", drawn_names(door, number))
    reply = yield poll_request(door, number, "0", place.token), b'"m":['
    _expect(b"200", reply)
    place.epoch = timetoken_in(reply)


def pubnub_calls(door: Door, number: int, _place: Place) -> Dialogue:
    """Make one call after the other, by POST if there is a body."""
    for call in range(door.calls):
        path = door.name_for(door.path, number * door.calls + call)
        request = _pubnub_request(door, f"{path}?uuid=server", door.body)
        _expect(b"200", (yield request, END_OF_HEAD))


def pubnub_grants(door: Door, number: int, place: Place) -> Dialogue:
    """Have one token granted after the other; the last must open its user's channel."""
    channel, user = f"inbox.{number}", f"user-{number}"
    for _ in range(door.calls):
        place.token = yield from _granted(door, user, [channel])
    target = f"/v2/subscribe/{KEYSET['subscribe_key']}/{channel}/0?uuid={user}&auth={place.token}"
    _expect(b"200", (yield _pubnub_request(door, target), b'"m":['))


def _granted(door: Door, user: str, channels: list[str]) -> Steps[str]:
    target, body = grant_target_and_body(user, channels)
    reply = yield _pubnub_request(door, target, body), END_OF_HEAD
    _expect(b"200", reply)
    return token_in(reply)


def _pubnub_request(door: Door, target: str, body: str = "") -> bytes:
    method, length = ("POST", f"Content-Length: {len(body)}\r\n") if body else ("GET", "")
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n{BROWSER}{length}\r\n"
    return (head + body).encode()


def poll_request(door: Door, number: int, timetoken: str, token: str = "") -> bytes:
    """Return what PubNub's JavaScript SDK asks to hear what came after `timetoken`."""
    channels = ",".join(drawn_names(door, number))
    query = f"uuid=user-{number}&tt={timetoken}&tr=1&pnsdk=PubNub-JS-Web%2F12.0.3&heartbeat=300"
    auth = f"&auth={token}" if token else ""
    return _pubnub_request(door, f"{door.path}/{channels}/0?{query}{auth}")


def drawn_names(door: Door, number: int) -> list[str]:
    return [door.channel.replace("{n}", str(each)) for each in drawn(door, number)]


def drawn(door: Door, number: int) -> list[int]:
    """Return the numbers of the channels that client `number` polls on."""
    return sorted(random.Random(number).sample(range(door.channels), door.many))


def timetoken_in(reply: bytes) -> str:
    """Return from when on to poll next."""
    found = re.search(rb'"t":"(\d{17})"', reply)
    if found is None:
        raise Refused(repr(reply[:300]))
    return found[1].decode()


OPENINGS: Mapping[str, Callable[[Door, int, Place], Dialogue]] = {
    "bare": bare,
    "websocket": websocket,
    "sse": sse,
    "centrifuge": centrifuge,
    "http_calls": http_calls,
    "pubnub_poll": pubnub_poll,
    "pubnub_calls": pubnub_calls,
    "pubnub_grants": pubnub_grants,
}


def make_place(door: Door, number: int) -> Place:
    """Return what client `number` knows before it ever connected: its token."""
    if not door.secret:
        return Place()
    claims = {"sub": str(number), "exp": int(time.time()) + 3600}
    return Place(token=sign_token(claims, door.secret))


def _upgrade(door: Door) -> bytes:
    return UPGRADE.format(path=door.path, port=door.port).encode()


def _lines(commands: list[dict[str, object]]) -> bytes:
    return "\n".join(json.dumps(each, separators=(",", ":")) for each in commands).encode()


def _expect(status: bytes, reply: bytes) -> None:
    if not reply.startswith(b"HTTP/1.1 " + status):
        raise Refused(repr(reply[:300]))
