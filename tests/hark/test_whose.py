"""A page belongs to the person it was loaded for."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from hark.api import whose
from hark.models import Notification
from tests.hark.test_relay import INBOX

CALLS = [
    ("get", INBOX),
    ("get", f"{INBOX}changes/?since=0"),
    ("post", f"{INBOX}seen/"),
    ("post", "/api/hark/connect/"),
    ("delete", f"{INBOX}1/"),
]


@pytest.mark.parametrize(("method", "url"), CALLS)
def test_each_answer_names_its_reader(bo: Any, bo_client: APIClient, method: str, url: str) -> None:
    answer = getattr(bo_client, method)(url)
    assert answer["Hark-User"] == str(bo.pk)
    assert "Hark-User" not in getattr(APIClient(), method)(url)


@pytest.mark.parametrize(("method", "url"), CALLS)
def test_a_page_that_was_loaded_for_another_is_told_nothing_but_that(
    bo: Any, ana: Any, bo_client: APIClient, method: str, url: str
) -> None:
    answer = getattr(bo_client, method)(url, headers={"Hark-User": str(ana.pk)})
    assert (answer.status_code, answer["Hark-User"]) == (412, str(bo.pk))
    assert answer.json() == {"detail": "Somebody else is signed in by now. Load the page again."}


def test_a_page_that_was_loaded_for_another_changes_nothing(
    bo: Any, ana: Any, bo_client: APIClient, remark: Callable[[str], Any]
) -> None:
    remark("Hello.")
    (row,) = Notification.objects.filter(user=bo)
    bo_client.post(f"{INBOX}{row.pk}/read/", headers={"Hark-User": str(ana.pk)})
    row.refresh_from_db()
    assert row.read_at is None
    bo_client.post(f"{INBOX}{row.pk}/read/", headers={"Hark-User": str(bo.pk)})
    row.refresh_from_db()
    assert row.read_at is not None


@pytest.mark.parametrize(
    "key", [-1, "bo@example.org", "auth0|5f7c", "O'Zoë (2)", "a\r\nSet-Cookie: x"]
)
def test_a_key_of_any_kind_can_be_named(key: Any) -> None:
    class User(AnonymousUser):
        pk = key
        is_authenticated = True  # type: ignore[assignment]

    answer = HttpResponse()
    whose.name_reader(answer, User())
    named = answer["Hark-User"]
    assert named.isascii()
    assert named.isprintable()
    by_script = quote(str(key), safe="!'()*")  # as encodeURIComponent() spells it
    for spelt, another in ((named, False), (by_script, False), (f"{named}0", True)):
        request = RequestFactory().get("/", headers={"Hark-User": spelt})
        assert whose.is_for_another(request, User()) is another
