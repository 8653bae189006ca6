"""What caches are told of answers that belong to one person, errors included."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from social.accounts.models import User
from social.posts.models import Post
from tests.social.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def is_private(answer: Any) -> bool:
    varies = {each.strip() for each in answer.headers.get("Vary", "").split(",")}
    return answer.headers.get("Cache-Control") == "private, no-store" and varies >= {
        "Cookie",
        "X-Session-Token",
        "Authorization",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/me/", 200),
        ("/api/posts/", 200),
        ("/api/posts/00000000-0000-0000-0000-000000000000/", 404),
        ("/api/posts/?cursor=none", 400),
        ("/api/hark/inbox/", 200),
        ("/api/hark/inbox/changes/?since=0", 200),
        ("/api/hark/inbox/changes/?since=none", 400),
        ("/api/hark/connect/", 405),
        ("/api/nowhere/", 404),
        ("/_allauth/browser/v1/auth/session", 200),
        ("/_allauth/browser/v1/config", 200),
        ("/_allauth/browser/v1/account/email", 404),
        ("/admin/", 302),
    ],
)
def test_what_somebody_signed_in_reads_is_kept_by_no_cache(
    as_bo: APIClient, path: str, status: int
) -> None:
    answer = as_bo.get(path)
    assert answer.status_code == status
    assert is_private(answer)


def test_what_somebody_signed_in_changes_is_kept_by_no_cache(as_bo: APIClient, tea: Post) -> None:
    connect = as_bo.post("/api/hark/connect/")
    comment = as_bo.post(f"/api/posts/{tea.pk}/comments/", {"text": "Hm."}, format="json")
    forbidden = as_bo.delete(f"/api/posts/{tea.pk}/")
    assert [each.status_code for each in (connect, comment, forbidden)] == [200, 201, 403]
    assert is_private(connect)
    assert is_private(comment)
    assert is_private(forbidden)


def test_refusals_before_any_view_are_kept_by_no_cache(bo: User, settings: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    login, json = "/_allauth/browser/v1/auth/login", "application/json"
    answers = [
        client.get("/api/me/"),
        client.post("/api/hark/connect/"),
        client.post(login, b"a" * 101, content_type=json),
        client.post(login, b"{", content_type=json),
        client.post(login, {"email": bo.email, "password": PASSWORD}, content_type=json),
        client.post("/admin/login/", {}),
        client.get("/api/me/", headers={"Host": "evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 413, 400, 403, 403, 400]
    assert [answer.status_code for answer in answers if not is_private(answer)] == []


def test_even_what_goes_wrong_is_kept_by_no_cache(
    as_bo: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("social.accounts.views.Me.get_object", fail)
    as_bo.raise_request_exception = False
    answer = as_bo.get("/api/me/")
    assert answer.status_code == 500
    assert is_private(answer)
