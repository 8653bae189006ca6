"""manage.py hark doctor: each thing that can be wrong, on real processes that are wrong so."""

import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hark import doctor
from hark.gateway import KEPT
from social.development import ROOT
from tests.gateway_process import GatewayProcess, running_gateway
from tests.guides.nginx import make_certificate
from tests.stack import Stack, running_stack

pytestmark = pytest.mark.own_databases

SECONDS = 20.0


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def any_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    sqlite = {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
    with running_stack(folder, **(sqlite if request.param == "sqlite" else {})) as running:
        yield running


stack = pytest.fixture(lambda any_stack: any_stack)
on_postgresql = pytest.mark.parametrize("any_stack", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("any_stack", ["sqlite"], indirect=True)


def report(stack: Stack, **environment: str) -> str:
    """Return what the doctor says, having made sure that its status agrees."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "hark", "doctor"],
        env=stack.environment | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ("!! " in done.stdout), done.stdout + done.stderr
    return done.stdout


def report_once_well(stack: Stack) -> str:
    """Return the first report without a fault: a process that was started anew takes a moment."""
    deadline = time.monotonic() + SECONDS
    while faults(text := report(stack)):
        assert time.monotonic() < deadline, text
    return text


def faults(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("!! ")]


@contextmanager
def stopped(stack: Stack, name: str) -> Iterator[int]:
    """Stop a process as SIGSTOP does, for the length of the block."""
    process = stack.services[name].process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGCONT)


@contextmanager
def another_gateway(stack: Stack, folder: Path, **options: Any) -> Iterator[GatewayProcess]:
    """Run a gateway beside the stack's own, with the same key and secret."""
    names = ("inbox", "article", "room")
    settings = {
        "client": {
            "allowed_origins": ["*"],
            "token": {"hmac_secret_key": stack.environment["HARK_TOKEN_SECRET"]},
        },
        "http_api": {"key": stack.environment["HARK_API_KEY"]},
        "channel": {"namespaces": [{"name": name, **KEPT} for name in names]},
    }
    with running_gateway(settings, folder, **options) as gateway:
        yield gateway


def at(gateway: GatewayProcess, api: bool = True) -> dict[str, str]:
    """Return the variables that lead browsers there, and the server API as well."""
    url = f"ws://localhost:{gateway.port}/connection/websocket"
    return {"HARK_URL": url} | ({"HARK_API_URL": f"{gateway.url}/api"} if api else {})


def test_all_is_well_where_a_message_reaches_a_page(stack: Stack) -> None:
    text = report_once_well(stack)
    assert "ok browsers: a page of http://" in text
    assert "delivery: a message went through relay and gateway to a page" in text
    assert "0 outbox rows" in report(stack)  # nothing is left behind


@on_postgresql
def test_another_secret_is_named(stack: Stack) -> None:
    text = report(stack, HARK_TOKEN_SECRET="another secret, which the gateway does not know")
    assert "it has another secret" in faults(text)[0]
    assert "token_secret" in text


@on_postgresql
@pytest.mark.parametrize(
    ("ahead", "words"), [(3600, "clock is ahead"), (300, "is ahead"), (-3600, "is behind")]
)
def test_a_clock_that_is_off_is_named(stack: Stack, tmp_path: Path, ahead: int, words: str) -> None:
    with another_gateway(stack, tmp_path, clock=ahead) as gateway:
        text = report(stack, **at(gateway))
    (clock,) = [each for each in faults(text) if each.startswith("!! clock: ")]
    assert words in clock
    assert "NTP" in text


@on_postgresql
def test_a_url_that_leads_elsewhere_is_named(stack: Stack, tmp_path: Path) -> None:
    web = f"ws://localhost:{stack.environment['PORT']}/connection/websocket"
    assert f"{web} answers with HTTP 404: no WebSocket of a gateway" in report(stack, HARK_URL=web)
    nobody = "ws://localhost:9/connection/websocket"
    assert f"{nobody} cannot be reached" in report(stack, HARK_URL=nobody)
    no_host = "ws://nowhere.invalid/connection/websocket"
    assert f"{no_host} cannot be reached" in report(stack, HARK_URL=no_host)
    root = f"ws://localhost:{stack.environment['GATEWAY_PORT']}/"
    assert f"{root} answers with HTTP 404" in report(stack, HARK_URL=root)
    with another_gateway(stack, tmp_path) as gateway:
        text = report(stack, **at(gateway, api=False))
    assert "the page of a browser did not hear it" in faults(text)[0]
    assert "the same server" in text


@on_postgresql
def test_what_speaks_no_http_is_named(stack: Stack) -> None:
    with silent_server() as port:
        for url in (f"ws://localhost:{port}/", f"wss://localhost:{port}/"):
            assert f"{url} cannot be reached" in report(stack, HARK_URL=url)


@on_postgresql
def test_a_certificate_that_nobody_trusts_is_named(stack: Stack, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_certificate(tmp_path))
    with silent_server(context) as port:
        url = f"wss://localhost:{port}/"
        assert f"{url} has no certificate that can be trusted" in report(stack, HARK_URL=url)


@contextmanager
def silent_server(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Listen on a port, and hang up on whoever comes, after a handshake of TLS if that is given."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    if tls:
                        tls.wrap_socket(client, server_side=True).close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@on_postgresql
def test_an_origin_that_is_not_allowed_is_named(stack: Stack) -> None:
    text = report(stack, DJANGO_ALLOWED_HOSTS="other.example")
    assert "!! browsers: the gateway lets in no page of http://other.example" in text
    assert "ALLOWED_HOSTS" in text


@on_postgresql
def test_a_relay_that_is_stopped_is_told_from_one_that_is_gone(stack: Stack) -> None:
    with stopped(stack, "relay") as pid:
        text = eventually(stack, "relay: it hangs, or was stopped")
        assert f"kill -CONT {pid}" in text
    with stack.without("relay"):
        text = eventually(stack, "relay: none is running")
        assert "last sign of life" in text
    assert "delivery: a message went" in eventually(stack, "is active")


def eventually(stack: Stack, words: str) -> str:
    """Return the first report that says so: a sign of life is believed for a moment."""
    for _ in range(20):
        text = report(stack)
        if words in text:
            return text
    raise AssertionError(text)


@on_sqlite
def test_on_sqlite_a_message_that_nobody_takes_shows_that_there_is_no_relay(stack: Stack) -> None:
    with stack.without("relay"):
        text = report(stack)
        assert "none is running, or it hangs" in faults(text)[0]
        assert "manage.py hark relay" in text
    with stopped(stack, "relay"):
        assert "none is running, or it hangs" in faults(report(stack))[0]
    report_once_well(stack)


@on_postgresql
def test_a_gateway_that_hangs_or_is_gone_is_named(stack: Stack) -> None:
    with stopped(stack, "gateway"):
        text = report(stack)
        assert "backend: does not answer" in faults(text)[0]
        assert "start it again if it hangs" in text
    with stack.without("gateway"):
        assert "backend: does not answer" in faults(report(stack))[0]
    report_once_well(stack)  # what the relay met meanwhile is over


@on_postgresql
def test_a_relay_that_looks_for_the_backend_elsewhere_is_named(stack: Stack) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "hark", "relay"]
    elsewhere = stack.environment | {"HARK_API_URL": "http://127.0.0.1:9/api"}
    with stack.without("relay"), subprocess.Popen(command, env=elsewhere) as lost:
        try:
            deadline = time.monotonic() + SECONDS
            while "relay: none is running" in (text := report(stack)):
                assert time.monotonic() < deadline
        finally:
            lost.kill()
    assert "relay: it could not publish: http://127.0.0.1:9/api" in faults(text)[0]


@on_postgresql
def test_a_proxy_that_takes_the_api_elsewhere_is_named(stack: Stack, settings: Any) -> None:
    options = {"api_url": "http://x/api", "api_key": "k", "token_secret": "s" * 32, "url": "ws://x"}
    settings.HARK = {"OPTIONS": options, "SITE_URL": stack.url}
    (finding,) = doctor._api()
    assert finding.well, finding
    gateway = f"http://localhost:{stack.environment['GATEWAY_PORT']}"
    settings.HARK = {"OPTIONS": options, "SITE_URL": gateway}
    (finding,) = doctor._api()
    assert "instead of 401" in finding.text
    settings.HARK = {"OPTIONS": options, "SITE_URL": "http://localhost:9"}
    (finding,) = doctor._api()
    assert "cannot be reached" in finding.text
