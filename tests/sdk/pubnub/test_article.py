"""The example in the article's manner, on the gateway with nothing changed but settings."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import GatewayProcess, running_gateway

from .clients import PATIENCE
from .test_javascript import FOLDER, node

ROOT = Path(__file__).parents[3]
ARTICLE = ROOT / "examples/pubnub_article"

__all__ = ["node"]


PUBNUB = {"enabled": True, "development_keyset": True}


@pytest.fixture
def development(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway with the development keyset and no other."""
    with running_gateway({"pubnub": PUBNUB}, tmp_path) as running:
        yield running


@pytest.fixture
def lenient(tmp_path: Path) -> Iterator[GatewayProcess]:
    """The same, where a token may be shown under any user id."""
    settings = {"pubnub": PUBNUB | {"require_uuid": False}}
    with running_gateway(settings, tmp_path) as running:
        yield running


class Article:
    """The example's project, with a database of its own."""

    def __init__(self, gateway: GatewayProcess, folder: Path, **environment: str) -> None:
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")
        } | {
            "PUBNUB_ORIGIN": f"127.0.0.1:{gateway.port}",
            "EXAMPLE_DATABASE": str(folder / "db.sqlite3"),
            **environment,
        }
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ARTICLE, env=self._environment, text=True, capture_output=True, check=True
        )

    def evaluate(self, code: str) -> Any:
        """Run code in the project's shell and return what it printed as JSON."""
        printed = self.manage("shell", "--no-imports", "-c", f"import json\n{code}").stdout
        return json.loads(printed)


@pytest.fixture
def article(development: GatewayProcess, tmp_path: Path) -> Article:
    return Article(development, tmp_path)


CONNECT = """
from django.contrib.auth.models import User
from news.pubnub_service import PubNubService
bo = User.objects.create(username="bo")
print(json.dumps(PubNubService.connect(bo.pk)))
"""


@pytest.mark.parametrize("sdk", ["pubnub-12", "pubnub-7", "pubnub-7.2"])
def test_a_comment_reaches_the_authors_page_which_fetches_and_deletes_it(
    article: Article, node: str, sdk: str
) -> None:
    connect = article.evaluate(CONNECT)
    assert connect["ttl"] == 60
    assert follow(article, connect, node, sdk) == TOLD


def test_the_articles_own_client_which_calls_itself_otherwise_than_its_token_needs_one_setting(
    lenient: GatewayProcess, tmp_path: Path, node: str
) -> None:
    article = Article(lenient, tmp_path, PUBNUB_PLAIN_USER_ID="1")
    connect = article.evaluate(CONNECT)
    assert connect["channel"] == f"pn-noti-{connect['user_id']}"
    assert follow(article, connect, node, "pubnub-7.2") == TOLD


def test_without_it_the_answer_and_the_log_say_what_is_wrong(
    development: GatewayProcess, tmp_path: Path, node: str
) -> None:
    connect = Article(development, tmp_path, PUBNUB_PLAIN_USER_ID="1").evaluate(CONNECT)
    url = f"{development.url}/v2/subscribe/sub-c-development/{connect['channel']}/0"
    answer = httpx.get(url, params={"auth": connect["token"], "uuid": connect["user_id"]})
    assert answer.status_code == 403
    for text in (answer.text, development.log):
        assert "granted to another user id" in text
    assert "pubnub.require_uuid" in answer.text
    command = [node, str(ARTICLE / "client/try.mjs"), json.dumps(connect), "pubnub-7.2"]
    page = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert json.loads(page.stdout) == {"refused": "PNAccessDeniedCategory"}


TOLD = [
    {"heard": "ana commented on Tea"},
    {"kept": ["ana commented on Tea"]},
    {"kept": []},
]


def follow(article: Article, connect: Any, node: str, sdk: str) -> list[Any]:
    """Open the author's page, let somebody comment, and return what the page says."""
    command = [node, str(ARTICLE / "client/try.mjs"), json.dumps(connect), sdk]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        assert json.loads(page.stdout.readline()) == {"ready": True}
        article.manage("talk")
        told = [json.loads(line) for line in page.stdout]
        assert page.wait(PATIENCE) == 0
    return told


def test_the_example_can_be_tried_as_its_readme_says(article: Article) -> None:
    assert article.manage("talk").stdout == "ana commented on Tea\n"


def test_a_comment_is_saved_though_nobody_can_be_told(
    article: Article, development: GatewayProcess
) -> None:
    development.stop()
    code = """
from django.contrib.auth.models import User
from news.models import Comment, Post
ana, bo = User.objects.create(username="ana"), User.objects.create(username="bo")
Comment.objects.create(post=Post.objects.create(author=bo, title="Tea"), author=ana, text="x")
print(json.dumps(Comment.objects.count()))
"""
    assert article.evaluate(code) == 1
    development.start()


def test_the_token_is_only_for_who_is_signed_in(article: Article) -> None:
    code = """
from django.test import RequestFactory
from news.views import notification_token
print(json.dumps(notification_token(RequestFactory().get("/")).status_code))
"""
    assert article.evaluate(code) == 401


def test_the_development_keyset_is_announced_at_the_start(development: GatewayProcess) -> None:
    assert "PUBNUB DEVELOPMENT KEYSET IS ON" in development.log
