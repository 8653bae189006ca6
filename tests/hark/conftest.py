"""The scene: Ana and Bo have accounts; Bo wrote an article about tea."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from hark.relay.lease import SingleRunner
from hark.relay.loop import Relay
from tests.hark.recording import RecordingBackend
from tests.hark.testapp.models import Article, Remark


def person(name: str) -> Any:
    return get_user_model().objects.create_user(name, email=f"{name}@example.org", password="pw")


def nested(depth: int) -> dict[str, Any]:
    """Return a dict with lists within lists: so many levels in all."""
    inner: list[Any] = []
    for _ in range(depth - 2):
        inner = [inner]
    return {"x": inner}


@pytest.fixture
def ana(db: None) -> Any:
    return person("ana")


@pytest.fixture
def bo(db: None) -> Any:
    return person("bo")


@pytest.fixture
def tea(bo: Any) -> Article:
    return Article.objects.create(author=bo, title="Tea")


@pytest.fixture
def remark(ana: Any, tea: Article) -> Callable[[str], Remark]:
    """Ana remarks on Bo's article."""
    return lambda text="Lovely": Remark.objects.create(article=tea, author=ana, text=text)


@pytest.fixture
def client_of() -> Callable[[Any], APIClient]:
    """A signed-in client of somebody."""

    def signed_in(user: Any) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def bo_client(client_of: Callable[[Any], APIClient], bo: Any) -> APIClient:
    return client_of(bo)


@pytest.fixture
def backend() -> RecordingBackend:
    return RecordingBackend()


@pytest.fixture
def relay(db: None, backend: RecordingBackend) -> Iterator[Relay]:
    relay = Relay(backend, SingleRunner())
    yield relay
    relay.stop()
    relay.run()  # to its end, which its threads do not outlive
