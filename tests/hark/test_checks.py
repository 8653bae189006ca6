"""Wrong settings are named by `manage.py check`, each with its number and a way out."""

import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db.models import CharField, TextField
from django.urls import include, path, re_path

from hark import checks
from hark.api.views import ConnectView
from tests.hark.testapp.notifications import Remarked

GOOD = {
    "api_url": "http://127.0.0.1:8001/api",
    "api_key": "key",
    "token_secret": "s" * 32,
    "url": "ws://127.0.0.1:8001/connection/websocket",
}

PUBNUB = {"BACKEND": "hark.backends.pubnub.PubNubBackend"}
KEYSET = {"publish_key": "pub", "subscribe_key": "sub", "secret_key": "sec"}


@pytest.mark.parametrize(
    ("hark", "number", "words"),
    [
        ({"BACKEMD": "x"}, "hark.E001", "BACKEMD"),
        (["BACKEND"], "hark.E002", "dict"),
        ({"TOKEN_TTL": "600"}, "hark.E003", "TOKEN_TTL"),
        ({"TOKEN_TTL": 0}, "hark.E003", "too small"),
        ({"BATCH": True}, "hark.E003", "BATCH"),
        ({"BACKEND": "nowhere.Backend"}, "hark.E004", "nowhere"),
        ({"BACKEND": 7}, "hark.E003", "BACKEND"),
        ({"AUTHENTICATION_CLASSES": "a.B"}, "hark.E003", "list of dotted paths"),
        ({"AUTHENTICATION_CLASSES": [7]}, "hark.E003", "list of dotted paths"),
        ({"AUTHENTICATION_CLASSES": ["a.B"]}, "hark.E004", "AUTHENTICATION_CLASSES"),
        ({"ACTOR_NAME": "hark.names.nothing"}, "hark.E004", "nothing"),
        ({"OPTIONS": {}}, "hark.E005", "api_url"),
        ({"OPTIONS": GOOD | {"token_secret": "short"}}, "hark.E005", "32 bytes"),
        ({"OPTIONS": GOOD | {"url": "http://x"}}, "hark.E005", "url"),
        ({"OPTIONS": GOOD | {"url": "wss://"}}, "hark.E005", "url"),
        ({"OPTIONS": GOOD | {"api_url": "http://[::1/api"}}, "hark.E005", "api_url"),
        ({"OPTIONS": GOOD | {"api_url": "http://127.0.0.1:99999/api"}}, "hark.E005", "api_url"),
        ({"OPTIONS": GOOD | {"api_url": None}}, "hark.E005", "api_url"),
        ({"OPTIONS": GOOD | {"api_key": ""}}, "hark.E005", "api_key"),
        ({"OPTIONS": GOOD | {"api_key": None}}, "hark.E005", "api_key"),
        ({"OPTIONS": GOOD | {"api_key": "key\n"}}, "hark.E005", "api_key"),
        ({"OPTIONS": GOOD | {"api_key": "clé"}}, "hark.E005", "api_key"),
        ({**PUBNUB, "OPTIONS": KEYSET | {"secret_key": None}}, "hark.E005", "secret_key"),
        ({**PUBNUB, "OPTIONS": KEYSET | {"message_ttl": "24"}}, "hark.E005", "message_ttl"),
        ({"OPTIONS": GOOD | {"extra": 1}}, "hark.E005", "extra"),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, hark: Any, number: str, words: str) -> None:
    settings.HARK = hark
    (found,) = run_checks(tags=["hark"])
    assert found.id == number
    assert words in found.msg


def test_good_settings_pass(settings: Any) -> None:
    settings.HARK = {"OPTIONS": GOOD}
    assert run_checks(tags=["hark"]) == []


@pytest.mark.parametrize(
    ("related", "words"),
    [
        ({"comment": ("author",)}, "no such field"),
        ({"remark": ("author", "autor")}, "cannot follow 'autor' from Remark"),
        ({"remark": ("text",)}, "cannot follow 'text' from Remark"),
    ],
)
def test_a_wrong_related_is_named(
    monkeypatch: pytest.MonkeyPatch, related: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(Remarked, "related", related)
    (found,) = run_checks(tags=["hark"])
    assert found.id == "hark.E006"
    assert f"Remarked.related['{next(iter(related))}']" in found.msg
    assert words in found.msg


def test_a_users_key_that_may_be_too_long_to_keep_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = get_user_model()._meta.pk
    for kind, found in (
        (CharField(max_length=256), 1),
        (CharField(max_length=255), 0),
        (TextField(), 1),
    ):
        monkeypatch.setattr(get_user_model()._meta, "pk", kind)
        assert [each.id for each in run_checks(tags=["hark"])] == ["hark.E008"] * found
    monkeypatch.setattr(get_user_model()._meta, "pk", key)


def identifiers() -> list[str | None]:
    return [each.id for each in run_checks(tags=["hark"])]


@pytest.mark.parametrize(
    ("urls", "found"),
    [
        ((), ["hark.W003"]),
        ((path("api/", include("social.posts.urls")),), ["hark.W003"]),
        ((path("api/hark/", include("hark.api.urls")),), []),
        ((re_path("^(?P<version>v1)/", include(("hark.api.urls", "hark"), namespace="v1")),), []),
        ((path("a/", include([path("b/", include("hark.api.urls"))])),), []),
        ((path("connect/", type("Own", (ConnectView,), {}).as_view()),), []),
    ],
    ids=str,
)
def test_addresses_that_do_not_lead_to_the_api_are_noticed(
    settings: Any, urls: tuple[Any, ...], found: list[str]
) -> None:
    module = ModuleType("urls_of_this_test")
    module.urlpatterns = urls  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    assert identifiers() == found


def test_a_site_without_sessions_is_noticed_unless_others_come_in(settings: Any) -> None:
    sessions = "rest_framework.authentication.SessionAuthentication"
    settings.HARK = {"OPTIONS": GOOD, "AUTHENTICATION_CLASSES": [sessions]}
    assert identifiers() == []
    settings.MIDDLEWARE = []
    assert identifiers() == ["hark.W004"]
    tokens = "rest_framework.authentication.TokenAuthentication"
    settings.HARK = {"OPTIONS": GOOD, "AUTHENTICATION_CLASSES": [tokens]}
    assert identifiers() == []


@pytest.mark.parametrize(
    ("url", "site_url", "hosts", "found"),
    [
        ("ws://127.0.0.1:8001/x", "", ["localhost"], []),
        ("ws://localhost:8001/x", "", ["example.org", "testserver"], ["hark.W005"]),
        ("ws://[::1]:8001/x", "", ["example.org"], ["hark.W005"]),
        ("ws://live.example.org/x", "https://example.org", ["example.org"], ["hark.W005"]),
        ("wss://live.example.org/x", "https://example.org", ["example.org"], []),
        ("ws://live.example.org/x", "http://example.org", ["example.org"], []),
        ("ws://localhost:8001/x", "", ["dev.localhost", "example.org"], []),
    ],
)
def test_an_address_that_browsers_cannot_use_is_noticed(
    settings: Any, url: str, site_url: str, hosts: list[str], found: list[str]
) -> None:
    settings.ALLOWED_HOSTS = hosts
    settings.HARK = {"OPTIONS": GOOD | {"url": url}, "SITE_URL": site_url}
    assert identifiers() == found


def test_options_of_the_wrong_kind_are_named_once(settings: Any) -> None:
    settings.HARK = {"OPTIONS": GOOD | {"url": None}}
    assert identifiers() == ["hark.E005"]


class Router:
    """Sends the app `hark`, or one model of it, or the users, elsewhere; for reading or writing."""

    def __init__(self, reads: str, writes: str, labels: tuple[str, ...]) -> None:
        self._reads, self._writes, self._labels = reads, writes, labels

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return self._reads if self._concerns(model) else None

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return self._writes if self._concerns(model) else None

    def _concerns(self, model: Any) -> bool:
        return bool({model._meta.app_label, model._meta.label_lower} & {*self._labels})


@pytest.mark.parametrize(
    ("router", "words"),
    [
        (Router("default", "default", ("hark", "accounts")), []),
        (Router("replica", "default", ("accounts",)), []),
        (Router("other", "other", ("hark", "accounts")), []),
        (Router("replica", "default", ("hark",)), ["read from 'replica'"]),
        (Router("other", "other", ("hark",)), ["AUTH_USER_MODEL is in 'default'"]),
        (Router("other", "other", ("accounts",)), ["AUTH_USER_MODEL is in 'other'"]),
        (Router("other", "other", ("hark.outbox",)), ["written to 'default', 'other'"]),
    ],
)
def test_routers_that_part_what_belongs_together_are_refused(
    settings: Any, router: Router, words: list[str]
) -> None:
    settings.DATABASE_ROUTERS = [router]
    found = list(checks._routers())
    assert [each.id for each in found] == ["hark.E009"] * len(words)
    for each, word in zip(found, words, strict=True):
        assert word in each.msg
