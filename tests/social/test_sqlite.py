"""The application on SQLite: many threads write at once, and none is sent away."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.social.conftest import PASSWORD
from tests.stack import Stack, running_stack

THREADS = 16
ROUNDS = 8


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("sqlite")
    url = f"sqlite:///{folder / 'db.sqlite3'}"
    with running_stack(folder, DATABASE_URL=url, WRITES_PER_MINUTE="100000") as running:
        yield running


class Person:
    """Somebody with an account, and the statuses of all that they did."""

    def __init__(self, stack: Stack, number: int) -> None:
        # From an address of their own: so many accounts from one would be too many.
        home = httpx.HTTPTransport(local_address=f"127.0.2.{number + 1}")
        base = f"http://127.0.0.1:{stack.environment['PORT']}"
        self._client = httpx.Client(base_url=base, transport=home, timeout=60)
        self.statuses: Counter[int] = Counter()
        account = {"username": f"p{number}", "email": f"p{number}@example.com"}
        made = self._client.post(
            "/_allauth/app/v1/auth/signup", json={**account, "password": PASSWORD}
        )
        assert made.status_code == 200, made.text
        self._client.headers["X-Session-Token"] = made.json()["meta"]["session_token"]
        self.post = self.ask("POST", "/api/posts/", title="Tea", text="…")["id"]

    def ask(self, method: str, path: str, **body: Any) -> Any:
        answer = self._client.request(method, path, json=body or None)
        self.statuses[answer.status_code] += 1
        return answer.json() if answer.status_code in (200, 201) else {}

    def mark_and_edit(self, others_post: str) -> None:
        for number in range(ROUNDS):
            comments = f"/api/posts/{others_post}/comments/"
            made = self.ask("POST", comments, text=f"comment {number}")
            self.ask("PATCH", f"/api/comments/{made.get('id')}/", text=f"comment {number}, edited")
            for item in self.ask("GET", "/api/hark/inbox/?state=unread").get("results", [])[:2]:
                self.ask("POST", f"/api/hark/inbox/{item['id']}/read/")
            self.ask("POST", "/api/hark/inbox/seen/")

    def close(self) -> None:
        self._client.close()


def test_sixteen_threads_mark_and_edit_and_each_request_succeeds(stack: Stack) -> None:
    people = [Person(stack, number) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        done = [
            pool.submit(person.mark_and_edit, people[number - 1].post)
            for number, person in enumerate(people)
        ]
        for each in done:
            each.result()
    statuses = sum((person.statuses for person in people), Counter[int]())
    for person in people:
        person.close()
    assert statuses.total() >= 489
    assert set(statuses) <= {200, 201}, statuses
    log = (stack.services["relay"].log).read_text()
    assert "database is locked" not in log
