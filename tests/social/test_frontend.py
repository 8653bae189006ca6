"""The built front end, as browsers get it."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from social.frontend.policy import content_security_policy, inline_scripts_of
from tests.social.conftest import Site

INLINE = 'self.__next_f.push([1,"<b>&</b>"])'
SCRIPT = "console.log('and so on');" * 10
PAGE = f'<!DOCTYPE html><script src="/_next/static/a.js"></script><script>{INLINE}</script>'


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Site:
    """A front end of two pages, one script and a page for what is not there."""
    for name in ("index.html", "post/index.html", "404.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PAGE + name)
    (tmp_path / "_next/static").mkdir(parents=True)
    (tmp_path / "_next/static/a.js").write_text(SCRIPT)
    (tmp_path / "_next/static/a.js.br").write_bytes(b"small")
    (tmp_path / "_next/static/a.js.gz").write_bytes(b"smaller than plain")
    (tmp_path / "icon.svg").write_text("<svg/>")
    settings.FRONTEND = settings.WHITENOISE_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = False
    return Site()


def directives_of(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(
    ("url", "file"), [("/", "index.html"), ("/post/?id=1#comment-2", "post/index.html")]
)
def test_pages_are_served_where_their_links_lead(site: Site, url: str, file: str) -> None:
    answer = site.get(url)
    assert answer.status_code == 200
    assert answer.text_body.endswith(file)
    assert answer["Cache-Control"] == "no-cache"


def test_an_address_without_its_last_slash_leads_to_the_page_query_and_all(site: Site) -> None:
    answer = site.get("/post?id=%C3%A9&x=a%26b")
    assert (answer.status_code, answer["Location"]) == (302, "post/?id=%C3%A9&x=a%26b")
    assert site.get("/post")["Location"] == "post/"


@pytest.mark.parametrize("url", ["/nowhere", "/nowhere/", "/post/nowhere.html", "/%00", "/..%2f"])
def test_what_is_not_there_gets_the_front_ends_own_page(site: Site, url: str) -> None:
    answer = site.get(url)
    assert answer.status_code == 404
    assert answer.text_body.endswith("404.html")


def test_a_front_end_that_is_not_built_says_so(tmp_path: Path, settings: Any) -> None:
    settings.FRONTEND = tmp_path / "out"
    settings.WHITENOISE_ROOT = None
    answer = Site().get("/")
    assert answer.status_code == 404
    assert "make run" in answer.text_body


def test_files_with_a_hash_in_their_name_are_kept_for_ever(site: Site) -> None:
    assert "immutable" in site.get("/_next/static/a.js")["Cache-Control"]
    assert "immutable" not in site.get("/icon.svg")["Cache-Control"]


@pytest.mark.parametrize("refreshing", [False, True], ids=["deployed", "in development"])
@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip; q=0.000,br;q=0", None),
        ("*", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_script_is_sent_compressed_as_asked_for(
    site: Site, settings: Any, asked: str, sent: str | None, refreshing: bool
) -> None:
    settings.WHITENOISE_AUTOREFRESH = refreshing
    answer = Site().get("/_next/static/a.js", **{"Accept-Encoding": asked})
    bodies = {"br": "small", "gzip": "smaller than plain", None: SCRIPT}
    assert answer.headers.get("Content-Encoding") == sent
    assert answer.text_body == bodies[sent]
    assert answer["Content-Length"] == str(len(bodies[sent]))
    assert answer["Vary"] == "Accept-Encoding"
    assert answer["Content-Type"].startswith("text/javascript")


def test_a_compressed_script_that_is_unchanged_may_be_kept_by_the_same_rule(site: Site) -> None:
    asked = {"Accept-Encoding": "br"}
    tag = site.get("/_next/static/a.js", **asked)["ETag"]
    answer = site.get("/_next/static/a.js", **asked, **{"If-None-Match": tag})
    assert (answer.status_code, answer["Vary"]) == (304, "Accept-Encoding")


@pytest.mark.parametrize("url", ["/", "/nowhere"])
def test_a_page_may_run_its_own_inline_scripts_and_no_other(site: Site, url: str) -> None:
    allowed = directives_of(site.get(url))["script-src"]
    digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert allowed == ["'self'", f"'sha256-{digest}'"]


def test_an_unchanged_page_keeps_the_policy_that_came_with_it(site: Site) -> None:
    since = site.get("/")["Last-Modified"]
    answer = site.get("/", **{"If-Modified-Since": since})
    assert answer.status_code == 304
    assert "Content-Security-Policy" not in answer


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/icon.svg", "/nowhere", "/api/me/", "/healthz", "/admin/"])
def test_every_answer_says_what_a_browser_may_do_with_it(site: Site, url: str) -> None:
    answer = site.get(url)
    policy = directives_of(answer)
    assert policy["frame-ancestors"] == ["'none'"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    ("gateway", "allowed"),
    [
        (
            "ws://localhost:8001/connection/websocket",
            ["ws://localhost:8001", "http://localhost:8001"],
        ),
        ("wss://live.example.org/x", ["wss://live.example.org", "https://live.example.org"]),
        ("http://127.0.0.1:8001", ["http://127.0.0.1:8001"]),
        ("https://ps.pndsn.com", ["https://ps.pndsn.com"]),
    ],
)
def test_pages_may_connect_to_us_and_to_the_gateway_alone(gateway: str, allowed: list[str]) -> None:
    policy = content_security_policy(realtime_url=gateway)
    assert f"connect-src 'self' {' '.join(allowed)};" in policy


def test_inline_scripts_are_those_without_a_source() -> None:
    html = """<script>a</script><script async src="b.js"></script><SCRIPT id="x">\nc\n</SCRIPT>
    <script data-src="no">d</script>"""
    assert inline_scripts_of(html) == ["a", "\nc\n", "d"]
