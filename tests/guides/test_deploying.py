"""The deployment page, followed by whoever has finished the tutorial: real nginx, real TLS."""

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from social.run.processes import stop_all
from tests.guides import nginx
from tests.guides.pages import printed_files, write_down
from tests.guides.people import comment, inbox, sign_in
from tests.guides.projects import Project, answers
from tests.stack import free_ports

pytestmark = pytest.mark.skipif(nginx.program() is None, reason="nginx is not installed")
PAGE = "deploying.md"
MACHINE = dict(printed_files(PAGE))
BIN = Path(sys.executable).parent
SPEAKS_PUBNUB = {
    "HARK_GATEWAY_PUBNUB_ENABLED": "true",
    "HARK_GATEWAY_PUBNUB_DEVELOPMENT_KEYSET": "true",
}


@dataclass(frozen=True)
class Site:
    """The deployed project.

    Attributes:
        url: Where nginx answers, with TLS.
        post: The key of a post of Ana's.
    """

    project: Project
    url: str
    post: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("deployed")
    plain, tls, web, gateway = free_ports(4)
    project = Project.copy(folder / "mysite", {**environment, **SPEAKS_PUBNUB})
    write_down("hark/tutorial.md", project.folder)
    write_down(PAGE, project.folder)
    project.edit("mysite/settings.py", ":8001/", f":{gateway}/")
    project.edit("mysite/settings.py", "wss://example.org/", f"wss://example.org:{tls}/")
    post = project.populate()
    project.manage("collectstatic", "--noinput", "--verbosity", "0")
    configuration = nginx.configure(
        folder / "nginx",
        MACHINE["/etc/nginx/sites-available/mysite"]
        + MACHINE["/etc/nginx/sites-available/mysite-pubnub"],
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ": f"listen 127.0.0.1:{tls} ",
            "127.0.0.1:8000;": f"127.0.0.1:{web};",
            "127.0.0.1:8001;": f"127.0.0.1:{gateway};",
            "/srv/mysite/": f"{project.folder}/",
        },
    )
    try:
        project.start("gateway", unit("gateway"), answers(f"http://127.0.0.1:{gateway}/"))
        project.start("relay", unit("relay"))
        serve = [word.replace(":8000", f":{web}") for word in unit("web")]
        project.start("web", serve, answers(f"http://127.0.0.1:{web}/"))
        project.start("nginx", nginx.command(configuration), answers(f"https://127.0.0.1:{tls}/"))
        yield Site(project, f"https://example.org:{tls}", post)
    finally:
        stop_all(project.services.values())


def unit(name: str) -> list[str]:
    """Return the command of a systemd unit, run from the tests' own environment."""
    found = re.search(
        r"^ExecStart=(.*)$", MACHINE[f"/etc/systemd/system/mysite-{name}.service"], re.MULTILINE
    )
    assert found
    return [word.replace("/srv/mysite/.venv/bin", str(BIN)) for word in shlex.split(found[1])]


def test_a_comment_is_heard_through_nginx_with_tls(site: Site, browser: Browser) -> None:
    at_ana, at_bo = (sign_in(browser, site.url, name) for name in ("ana", "bo"))
    with at_ana.expect_websocket() as opened:
        at_ana.reload()
    assert opened.value.url.startswith("wss://example.org:")
    comment(at_bo, site.post, "by TLS")
    expect(inbox(at_ana)).to_have_text(["bo commented on Tea Mark read"])


@pytest.mark.parametrize(
    ("host", "path", "status", "says"),
    [
        pytest.param("example.org", "/api/hark/inbox/", 401, "credentials", id="Django's API"),
        pytest.param("example.org", "/static/posts/inbox.js", 200, "Centrifuge", id="files"),
        pytest.param(
            "example.org", "/connection/websocket", 426, "WebSocket endpoint", id="the gateway"
        ),
        pytest.param("example.org", "/emulation", 405, "", id="commands beside a stream"),
        pytest.param("example.org", "/api/publish", 404, "Not Found", id="no server API"),
        pytest.param("example.org", "/metrics", 404, "Not Found", id="no metrics"),
        pytest.param("pubnub.example.org", "/time/0", 200, "[1", id="PubNub's protocol"),
        pytest.param("pubnub.example.org", "/api/publish", 404, "nginx", id="nor there"),
    ],
)
def test_nginx_takes_each_path_where_it_belongs(
    site: Site, host: str, path: str, status: int, says: str
) -> None:
    port = httpx.URL(site.url).port
    with httpx.Client(verify=False) as client:  # the test's own certificate
        answer = client.get(f"https://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"})
    assert answer.status_code == status
    assert says in answer.text
