"""The OpenAPI schema: whole, current, and true about who may see what."""

from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from rest_framework.test import APIClient

from social.accounts.models import User
from social.posts.models import Comment, Post
from tests.social.conftest import Site, json_of

WRITTEN = settings.ROOT / "web/schema.yml"
NOBODYS = UUID("00000000-0000-4000-8000-000000000000")
ABOUT_ONESELF = {
    "AuthenticationMethod",
    "BaseSignup",
    "EmailVerificationInfo",
    "Login",
    "Me",
    "RequestPassword",
    "User",
}


@pytest.fixture(scope="module")
def text() -> str:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue().rstrip("\n")


@pytest.fixture(scope="module")
def schema(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_the_file_the_front_end_is_generated_from_is_current(text: str) -> None:
    assert WRITTEN.read_text().rstrip("\n") == text, (
        "Run `DJANGO_DEBUG=1 manage.py spectacular --file web/schema.yml` and "
        "`npm --prefix web run generate`."
    )


@pytest.mark.parametrize(
    "path",
    [
        "/api/me/",
        "/api/posts/",
        "/api/posts/{id}/",
        "/api/posts/{id}/comments/",
        "/api/comments/{id}/",
        "/api/hark/connect/",
        "/api/hark/inbox/",
        "/api/hark/inbox/changes/",
        "/_allauth/{client}/v1/auth/login",
    ],
)
def test_every_part_of_the_application_is_in_the_schema(schema: dict[str, Any], path: str) -> None:
    assert path in schema["paths"]


def names_in(part: object) -> Iterator[str]:
    """Yield the name of every property that a part of the schema describes."""
    if isinstance(part, dict):
        yield from part.get("properties", {})
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from names_in(value)


def test_only_what_is_about_oneself_has_an_address(schema: dict[str, Any]) -> None:
    told = {
        name
        for name, component in schema["components"]["schemas"].items()
        if {"email", "is_staff", "is_superuser", "last_login"} & set(names_in(component))
    }
    assert "Me" in told
    assert told <= ABOUT_ONESELF


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in schema["paths"].items():
        for method in methods:
            if path.startswith("/api/"):
                yield method, path


def test_no_answer_holds_anothers_address_or_rank(
    schema: dict[str, Any], as_bo: APIClient, ana: User, biscuits: Comment
) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True, is_superuser=True)
    Comment.objects.create(post=biscuits.post, author=ana, text="For you.")
    Comment.objects.create(post=as_bo_writes(as_bo), author=ana, text="Hello!")
    ids = {"/api/posts/{id}/": biscuits.post_id, "/api/posts/{id}/comments/": biscuits.post_id}
    seen = 0
    for method, path in operations(schema):
        if method == "get":
            answer = as_bo.get(path.replace("{id}", str(ids.get(path))) + "?since=0")
            assert answer.status_code == 200, path
            seen += b"Ana" in answer.content
            for secret in (b"ana@", b"staff", b"superuser", b"password"):
                assert secret not in answer.content, path
    assert seen >= 4  # feed, post, comments, inbox: all do speak of Ana


def as_bo_writes(client: APIClient) -> Any:
    post = {"title": "Bread", "text": "…"}
    return Post.objects.get(pk=json_of(client.post("/api/posts/", post, format="json"))["id"])


def test_a_stranger_gets_401_everywhere(schema: dict[str, Any], stranger: APIClient) -> None:
    for method, path in operations(schema):
        url = path.replace("{id}", "1" if "inbox" in path else str(NOBODYS))
        answer = getattr(stranger, method)(url, {}, format="json")
        assert answer.status_code == 401, (method, path)
        assert list(json_of(answer)) == ["detail"]
        assert answer["WWW-Authenticate"]


def test_the_schema_and_its_page_are_served_without_the_internet(db: None) -> None:
    site = Site()
    assert site.get("/api/schema/").status_code == 200
    page = site.get("/api/docs/").text_body
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert scripts
    for script in scripts:
        assert script.startswith("/"), script
        assert site.get(script).status_code == 200
    assert "<script>" not in page  # the policy lets no inline script run
