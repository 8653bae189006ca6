"""The client of the server API, against the real gateway and against servers that answer oddly."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hark.backends.base import Misconfigured, Unavailable
from hark.backends.centrifugo.server_api import ApiError, ServerApi
from tests.contract.servers import KEY
from tests.gateway_process import GatewayProcess, running_gateway

SETTINGS = {"http_api": {"key": KEY}, "channel": {"namespaces": [{"name": "inbox"}]}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with running_gateway(SETTINGS, tmp_path_factory.mktemp("gateway")) as running:
        yield running


Open = Callable[..., ServerApi]


@pytest.fixture
def api() -> Iterator[Open]:
    """Open a client of a server; closed at the end of the test."""
    with ExitStack() as opened:

        def open_client(url: str, key: str = KEY) -> ServerApi:
            client = ServerApi(url, key, timeout=5)
            opened.callback(client.close)
            return client

        yield open_client


def publish(channel: str) -> str:
    return json.dumps({"publish": {"channel": channel, "data": {"text": "grüß dich"}}})


def test_each_command_of_a_batch_has_its_own_outcome(api: Open, gateway: GatewayProcess) -> None:
    commands = [publish("inbox:1"), publish("nowhere:1"), publish("inbox:2")]
    assert api(f"{gateway.url}/api").batch(commands) == [
        None,
        ApiError(102, "unknown channel"),
        None,
    ]


def test_a_server_tells_its_name_and_version(api: Open, gateway: GatewayProcess) -> None:
    (node,) = api(f"{gateway.url}/api/").nodes()
    assert node


@pytest.mark.parametrize(("path", "key"), [("/api", "wrong"), ("/nowhere", KEY), ("/health", KEY)])
def test_what_only_a_setting_can_cure_is_called_so(
    api: Open, gateway: GatewayProcess, path: str, key: str
) -> None:
    with pytest.raises(Misconfigured):
        api(f"{gateway.url}{path}", key).batch([publish("inbox:1")])


def test_a_proxy_of_the_environment_is_not_asked(
    api: Open, gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert api(f"{gateway.url}/api").batch([publish("inbox:1")]) == [None]


@dataclass
class Odd:
    """A web server that answers whatever it was told to."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""


@pytest.fixture
def odd() -> Iterator[Odd]:
    answer = Odd()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer.status)
            headers = {"Content-Length": str(len(answer.body))} | answer.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answer.url = f"http://127.0.0.1:{server.server_port}/api"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield answer
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"error": {"code": 100, "message": "internal server error"}}',
        b'{"replies": null}',
        b'{"replies": []}',
        b'{"replies": [{}, {}]}',
        b'{"replies": [null]}',
        b'{"replies": ["ok"]}',
        b'{"replies": [{"error": "no"}]}',
        b'{"replies": [{"error": {"message": "no"}}]}',
        b'{"replies": [{"error": {"code": "7"}}]}',
    ],
)
def test_an_answer_that_makes_no_sense_leaves_it_open_what_was_done(
    api: Open, odd: Odd, body: bytes
) -> None:
    odd.body = body
    with pytest.raises(Unavailable, match=odd.url):
        api(odd.url).batch([publish("inbox:1")])


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"result": null}',
        b'{"result": {"nodes": [7]}}',
        b'{"error": {"code": 100, "message": "internal"}}',
    ],
)
def test_a_server_that_does_not_say_who_it_is_is_not_well(api: Open, odd: Odd, body: bytes) -> None:
    odd.body = body
    with pytest.raises(Unavailable):
        api(odd.url).nodes()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, Unavailable),
        (503, Unavailable),
        (429, Unavailable),
        (408, Unavailable),
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
        (301, Misconfigured),
        (204, Misconfigured),
    ],
)
def test_a_status_says_whether_to_try_again(
    api: Open, odd: Odd, status: int, error: type[Exception]
) -> None:
    odd.status = status
    odd.headers = {"Location": odd.url}
    odd.body = b""
    with pytest.raises(error):
        api(odd.url).batch([publish("inbox:1")])


def test_an_answer_cut_short_leaves_it_open_what_was_done(api: Open, odd: Odd) -> None:
    odd.headers = {"Content-Length": "100", "Connection": "close"}
    with pytest.raises(Unavailable, match=odd.url):
        api(odd.url).batch([publish("inbox:1")])


def test_nobody_there_is_unavailable(api: Open) -> None:
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9/api"):
        api("http://127.0.0.1:9/api").nodes()


def test_many_threads_share_one_client(api: Open, gateway: GatewayProcess) -> None:
    shared = api(f"{gateway.url}/api")
    outcomes: list[object] = []
    threads = [
        threading.Thread(
            target=lambda: outcomes.extend(shared.batch([publish("inbox:1")])[0] for _ in range(20))
        )
        for _ in range(16)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes == [None] * 320
