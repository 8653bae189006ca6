"""A session alone, told anything at all: it may refuse, but neither fail nor speak too late."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hark_gateway.auth import Verifier
from hark_gateway.hub.hub import Hub
from hark_gateway.hub.options import Namespaces
from hark_gateway.hub.turns import Turns, at_once
from hark_gateway.protocols.centrifuge.door import Door
from hark_gateway.protocols.centrifuge.session import Session, State
from hark_gateway.protocols.centrifuge.wire import HTTP_STREAM

from .scene import configured, token


class Recorder:
    """An outlet that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.wakes = 0.0
        self.turn: list[Callable[[], None]] = []
        """What the hub wants to be done when the turn ends."""

    def end_turn(self) -> None:
        while self.turn:
            self.turn.pop()()

    def send(self, data: bytes, /) -> None:
        assert self.closed is None, "something was said after the end"
        self.messages += [json.loads(line) for line in data.splitlines()]

    def sink(self) -> "Recorder":
        return self

    write = send

    def close(self, code: int, reason: str) -> None:
        assert self.closed is None, "closed twice"
        self.closed = code, reason

    def wake_at(self, at: float) -> None:
        self.wakes = at


def opened() -> tuple[Door, Session, Recorder]:
    config = configured()
    verifier = Verifier(config.client.token)
    outlet = Recorder()
    hub = Hub(Namespaces(config.channel), outlet.turn.append, time.monotonic)
    turns = Turns(outlet.turn.append, lambda: 0.0)
    door = Door(hub, config.client, verifier, verifier, turns)
    return door, Session(door, outlet, HTTP_STREAM, now=0), outlet


def say(session: Session, message: bytes, *, now: float) -> None:
    """Say something, and let all of it be done."""
    if (more := session.receive(message, now=now)) is not None:
        at_once(more)


NOW = 1_700_000_000.0
TOKENS = [
    token("ana"),
    token("ana", channels=["inbox:1", "chat:1"]),
    token("ana", channel="$feed:1"),
    token("bo", channel="feed:1"),
    token("ana", exp=1),
    "forged",
    "",
]
channels = st.sampled_from(
    ["feed:1", "feed:2", "chat:1", "inbox:1", "$feed:1", "x", "no:1", "é", ""]
)
numbers = st.integers(-2, 5) | st.integers()
values = st.none() | st.booleans() | numbers | st.text(max_size=3) | st.just({}) | st.just([])
fields = {
    "channel": channels,
    "token": st.sampled_from(TOKENS),
    "data": values,
    "recover": st.booleans(),
    "recoverable": st.booleans(),
    "positioned": st.booleans(),
    "join_leave": st.booleans(),
    "offset": numbers,
    "epoch": st.sampled_from(["", "x"]),
    "flag": numbers,
    "limit": numbers,
    "reverse": st.booleans(),
    "since": st.fixed_dictionaries({}, optional={"offset": numbers, "epoch": st.just("")}),
    "subs": st.dictionaries(channels, st.just({"recover": True}), max_size=2),
}
requests = st.fixed_dictionaries({}, optional=fields)  # type: ignore[arg-type]
methods = st.sampled_from(
    [
        "subscribe",
        "unsubscribe",
        "publish",
        "presence",
        "presence_stats",
        "history",
        "rpc",
        "refresh",
        "sub_refresh",
    ]
)
commands = st.builds(lambda method, request: {"id": 2, method: request}, methods, requests)
anything = st.recursive(values, lambda inner: st.dictionaries(st.text(max_size=9), inner))
messages = st.one_of(
    *[commands.map(json.dumps)] * 6,
    st.just("{}"),
    anything.map(json.dumps),
    st.text(max_size=20),
)


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """A fault of ours would be answered with 100 or 3004, and logged."""
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=st.lists(messages, max_size=8), passed=st.lists(st.floats(0, 40), max_size=3))
def test_whatever_is_said_is_answered_or_ends_the_connection(
    said: list[str], passed: list[float]
) -> None:
    door, session, outlet = opened()
    say(session, json.dumps({"id": 1, "connect": {"token": TOKENS[0]}}).encode(), now=NOW)
    assert session.state is State.CONNECTED
    now = NOW
    for message in said:
        say(session, message.encode("utf-8", "replace"), now=now)
    outlet.end_turn()
    for seconds in passed:
        now += seconds
        if outlet.closed is None and outlet.wakes <= now:
            session.tick(now)
            assert outlet.closed or outlet.wakes > now, "it would be woken without end"
    errors = {each["error"]["code"] for each in outlet.messages if "error" in each}
    assert 100 not in errors
    assert outlet.closed is None or outlet.closed[0] != 3004
    if outlet.closed is None:
        session.lost()
    assert len(door.clients) == 0
    assert not session.subscriptions
    assert not any(channel.subscribers for channel in door.hub)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests | anything)
def test_whatever_connect_says_is_answered_or_ends_the_connection(request: Any) -> None:
    door, session, outlet = opened()
    say(session, json.dumps({"id": 1, "connect": request}).encode(), now=NOW)
    assert len(outlet.messages) + (outlet.closed is not None) >= 1 or session.state is State.NEW
    assert outlet.closed is None or outlet.closed[0] in (3500, 3501)
    session.lost()
    assert len(door.clients) == 0
    assert not any(channel.subscribers for channel in door.hub)


@given(at=st.floats(0, 100))
def test_pings_of_many_clients_are_spread(at: float) -> None:
    firsts = []
    for _ in range(30):
        _, session, outlet = opened()
        say(session, json.dumps({"id": 1, "connect": {"token": TOKENS[0]}}).encode(), now=NOW + at)
        firsts.append(outlet.wakes - NOW - at)
    assert all(12 <= first <= 26 for first in firsts)
    assert max(firsts) - min(firsts) > 2
