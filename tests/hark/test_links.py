"""Where a notification leads: a path of this site, in the API, in what is pushed, and in a mail."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from rest_framework.test import APIClient

from hark import NotificationType, notify, types
from hark.links import is_path
from hark.media import Email
from hark.relay.loop import Relay
from tests.hark.test_relay import INBOX, drain

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "\t//evil.example/",
    "/\n\\evil.example/",
    "/.//evil.example/x",
    "/..//evil.example/x",
    "/post/..//evil.example/x",
    "/%2e//evil.example/x",
    "/%2E%2e/.\\/evil.example/x",
    "javascript:alert(1)",
    "data:text/html,hello",
    "@evil.example/",
    ".evil.example/",
    "post/1/",
]


@dataclass(frozen=True, kw_only=True)
class Leading(NotificationType):
    media = (Email(if_unread_for=timedelta(0)),)
    to: str

    def title(self) -> str:
        return "News"

    def url(self) -> str:
        return self.to


@pytest.fixture(autouse=True)
def leading(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The type is registered for this test, and the site says where it is."""
    monkeypatch.setattr(types, "_registry", dict(types._registry))
    types.register("leading")(Leading)
    settings.HARK = {**settings.HARK, "SITE_URL": "https://example.org"}


@pytest.mark.parametrize(
    "address", ["/", "/post/?id=1#comment-2", "/a//b/", "/.well-known/x", "/a?next=/../b\\", "/né/"]
)
def test_a_path_of_this_site_is_one(address: str) -> None:
    assert is_path(address)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_any_other_address_leads_nowhere_and_is_logged(
    address: str,
    relay: Relay,
    bo: Any,
    bo_client: APIClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    notify(bo, Leading(to=address))
    drain(relay)
    (item,) = bo_client.get(INBOX).json()["results"]
    assert (item["title"], item["url"]) == ("News", "")
    (sent,) = mail.outbox
    assert sent.body == "News"
    assert "no path of this site" in caplog.text
