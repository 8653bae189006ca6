"""What holds however many workers the web server has."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from social.development import ROOT
from social.run.processes import Service
from social.run.services import is_healthy
from tests.social.test_limits import ALLOWED
from tests.stack import START_SECONDS, free_ports, prepared, run_manage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application on a web server with four workers."""
    folder = tmp_path_factory.mktemp("workers")
    (port,) = free_ports(1)
    environment = prepared(folder)
    run_manage(environment, "migrate", "--verbosity", "0")
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), f"--bind=127.0.0.1:{port}"]
    web = Service(
        "web",
        [*command, "--workers=4", "--no-control-socket", "social.wsgi"],
        environment,
        folder / "web.log",
        lambda: is_healthy(f"{url}/readyz"),
    )
    try:
        web.start()
        web.wait_until_it_answers(START_SECONDS)
        yield url
    finally:
        web.ask_to_stop()
        web.wait_until_stopped(10)


def test_four_workers_let_through_no_more_guesses_than_one(site: str) -> None:
    def guess(_: int) -> str:
        answer = httpx.post(
            f"{site}/_allauth/app/v1/auth/login",
            json={"email": "somebody@example.com", "password": "guess"},
            timeout=60,
        )
        assert answer.status_code == 400, answer.text
        return str(json.loads(answer.text)["errors"][0]["code"])

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(guess, range(24)))
    wrong = codes.count("email_password_mismatch")
    assert 0 < wrong <= ALLOWED
    assert codes.count("too_many_login_attempts") == 24 - wrong
