"""Wrong settings are named by `manage.py check`, each with its number and a way out."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db.models import CharField, TextField

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
