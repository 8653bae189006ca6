"""The scene of most tests: Ana and Bo have accounts, and a client each that is signed in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from social.accounts.models import User
from social.posts.models import Comment, Post

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("Ana", "ana@example.com", PASSWORD)


@pytest.fixture
def bo(db: None) -> User:
    return User.objects.create_user("Bo", "bo@example.com", PASSWORD)


def client_of(user: User | None) -> APIClient:
    """Return a client with a session of `user`'s, or with none; CSRF is checked, as in life."""
    client = APIClient()
    if user:
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def as_ana(ana: User) -> APIClient:
    return client_of(ana)


@pytest.fixture
def as_bo(bo: User) -> APIClient:
    return client_of(bo)


@pytest.fixture
def stranger(db: None) -> APIClient:
    return client_of(None)


@pytest.fixture
def tea(ana: User) -> Post:
    """A post by Ana."""
    return Post.objects.create(author=ana, title="Tea", text="The second cup is the better one.")


@pytest.fixture
def biscuits(tea: Post, bo: User) -> Comment:
    """A comment by Bo on Ana's post."""
    return Comment.objects.create(post=tea, author=bo, text="You are right. I brought biscuits.")


def json_of(response: Any) -> Any:
    assert response["Content-Type"] == "application/json", response.content[:200]
    return response.json()


class Site:
    """Asks for files, and reads them whole, which closes them."""

    def __init__(self) -> None:
        self.client = Client()

    def get(self, url: str, **headers: str) -> Any:
        answer: Any = self.client.get(url, headers=headers)
        answer.text_body = answer.getvalue().decode()
        return answer


def in_another_connection(work: Callable[[], object]) -> None:
    """Do `work` as another request would, meanwhile, and wait until it is committed."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(timeout=30)
