"""Options: the gateway starts with keysets that make sense, or says what is wrong."""

import json
from typing import Any

import pytest

from hark_gateway.protocols.pubnub.options import DEVELOPMENT
from hark_gateway.sources import ConfigError, load

KEYS = {"publish_key": "p", "subscribe_key": "s", "secret_key": "k"}


def loaded(**variables: Any) -> Any:
    environment = {"HARK_GATEWAY_PUBNUB_ENABLED": "1"}
    for name, value in variables.items():
        text = value if isinstance(value, str) else json.dumps(value)
        environment[f"HARK_GATEWAY_{name}"] = text
    return load(None, environment).pubnub


def test_keysets_come_from_the_environment() -> None:
    keysets = [KEYS, {"publish_key": "p q", "subscribe_key": "t", "access_manager": False}]
    first, second = loaded(PUBNUB_KEYSETS=keysets).all_keysets
    assert (first.secret_key, first.access_manager) == ("k", True)
    assert (second.publish_key, second.access_manager) == ("p q", False)


def test_the_protocol_is_off_unless_switched_on() -> None:
    assert not load(None, {}).pubnub.enabled


def test_the_development_keyset_exists_only_when_asked_for() -> None:
    assert DEVELOPMENT not in loaded(PUBNUB_KEYSETS=[KEYS]).all_keysets
    assert loaded(PUBNUB_DEVELOPMENT_KEYSET="1").all_keysets == (DEVELOPMENT,)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "name at least one"),
        ({"PUBNUB_KEYSETS": [{"subscribe_key": "s", "secret_key": "k"}]}, "publish_key"),
        ({"PUBNUB_KEYSETS": [{"publish_key": "p", "secret_key": "k"}]}, "subscribe_key"),
        ({"PUBNUB_KEYSETS": [{"publish_key": "p", "subscribe_key": "s"}]}, "secret_key"),
        ({"PUBNUB_KEYSETS": [KEYS, KEYS]}, "may stand once"),
        ({"PUBNUB_KEYSETS": [KEYS | {"secret": "x"}]}, "secret"),
        ({"PUBNUB_KEYSETS": "[no JSON"}, "not JSON"),
        ({"PUBNUB_KEYSETS": [KEYS], "PUBNUB_HOLD_TIME": "0"}, "hold_time"),
        (
            {"PUBNUB_KEYSETS": [KEYS], "PUBNUB_STORAGE_PATH": "/dev/null/hark.sqlite3"},
            "storage_path",
        ),
        ({"PUBNUB_KEYSETS": [KEYS], "PUBNUB_STORAGE_PATH": "/"}, "storage_path"),
        (
            {"PUBNUB_DEVELOPMENT_KEYSET": "1", "HTTP_SERVER_ADDRESS": "0.0.0.0"},
            "development_keyset",
        ),
    ],
)
def test_a_wrong_option_stops_the_start_with_its_name(
    variables: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        loaded(**variables)
