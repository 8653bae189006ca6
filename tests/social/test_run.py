"""What `make run` starts, and what it says where it cannot, or need not."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from social import development
from social.development import SECRETS, fill
from social.run import __main__ as run
from social.run.elsewhere import described, needs_gateway
from social.run.services import describe_services

MADE_UP = {name: f"made up {name}" for name in SECRETS}
CENTRIFUGO = {
    "HARK_URL": "wss://live.example.org/connection/websocket",
    "HARK_API_URL": "https://live.example.org/api",
}


@pytest.mark.parametrize(
    ("environment", "ours"),
    [
        pytest.param({}, True, id="nothing set"),
        pytest.param(CENTRIFUGO, False, id="a server elsewhere"),
        pytest.param(
            {"HARK_URL": "ws://localhost:8500/ws", "HARK_API_URL": "http://127.0.0.1:8500/api"},
            False,
            id="another server on this machine",
        ),
        pytest.param({"HARK_URL": CENTRIFUGO["HARK_URL"]}, True, id="a way to ours from elsewhere"),
        pytest.param(
            {"HARK_URL": "ws://[::1]:9001/ws", "HARK_API_URL": "http://localhost:9001/api"},
            True,
            id="ours by its address",
        ),
        pytest.param(
            {"HARK_URL": "ws://localhost:123456/ws", "HARK_API_URL": "http://[/"},
            False,
            id="no addresses",
        ),
        pytest.param({"HARK_BACKEND": "pubnub"}, False, id="PubNub's network"),
        pytest.param(
            {"HARK_BACKEND": "pubnub", "PUBNUB_ORIGIN": "127.0.0.1:9001"},
            True,
            id="PubNub's protocol by ours",
        ),
    ],
)
def test_the_gateway_is_started_where_something_connects_to_it(
    environment: dict[str, str], ours: bool, tmp_path: Path
) -> None:
    environment = {"PORT": "9000", "GATEWAY_PORT": "9001", **environment}
    assert needs_gateway(environment) == ours
    names = [service.name for service in describe_services(environment, data=tmp_path)]
    assert names == [*(["gateway"] if ours else []), "relay", "web"]


def test_what_runs_elsewhere_is_said() -> None:
    assert described({"GATEWAY_PORT": "9001"}) == []
    sentences = described({"GATEWAY_PORT": "9001", **CENTRIFUGO})
    assert len(sentences) == 2
    assert all(CENTRIFUGO[name] in " ".join(sentences) for name in CENTRIFUGO)


def test_no_secrets_are_made_up_for_a_server_elsewhere() -> None:
    environment = dict(CENTRIFUGO)
    fill(environment, MADE_UP)
    assert "DJANGO_SECRET_KEY" in environment
    assert not {"HARK_API_KEY", "HARK_TOKEN_SECRET"} & set(environment)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which nothing is set, for the part of the start that comes first."""
    for name in (*SECRETS, *CENTRIFUGO, "HARK_BACKEND", "PUBNUB_ORIGIN", "DJANGO_DEBUG"):
        monkeypatch.setenv(name, "")  # so that it is as before, afterwards
        monkeypatch.delenv(name)
    monkeypatch.setattr(development, "DATA", tmp_path)
    return monkeypatch


@pytest.fixture
def busy() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


def test_a_busy_port_of_the_gateway_matters_only_where_there_is_one(
    start: pytest.MonkeyPatch, busy: socket.socket
) -> None:
    port = busy.getsockname()[1]
    start.setenv("PORT", "18123")
    start.setenv("GATEWAY_PORT", str(port))
    with pytest.raises(run.CannotRun, match=rf"port {port} cannot be used .*make run GATEWAY_PORT"):
        run.choose_ports()
    for name, url in CENTRIFUGO.items():
        start.setenv(name, url)
    assert run.choose_ports() == 18123


@pytest.mark.parametrize("port", ["", "a", "0", "65536", "-1", "\uff18\uff10", "8 000"])
def test_what_is_no_port_is_named(start: pytest.MonkeyPatch, port: str) -> None:
    start.setenv("PORT", port)
    with pytest.raises(run.CannotRun, match=r"PORT=.* is no port"):
        run.choose_ports()


def test_one_port_is_not_enough_for_two(start: pytest.MonkeyPatch) -> None:
    start.setenv("PORT", "18123")
    start.setenv("GATEWAY_PORT", "18123")
    with pytest.raises(run.CannotRun, match="PORT and GATEWAY_PORT are both 18123"):
        run.choose_ports()
