"""manage.py hark gateway: which options the embedded gateway gets from HARK."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hark.gateway import environment

CENTRIFUGO = {
    "api_url": "http://127.0.0.1:9001/api",
    "api_key": "key",
    "token_secret": "s" * 32,
    "url": "ws://127.0.0.1:9001/connection/websocket",
}
KEYSET = {"publish_key": "pub", "subscribe_key": "sub", "secret_key": "sec"}
PUBNUB = {"BACKEND": "hark.backends.pubnub.PubNubBackend"}


def gateway_variables() -> dict[str, str]:
    prefix = "HARK_GATEWAY_"
    assert all(name.startswith(prefix) for name in environment())
    return {name.removeprefix(prefix): value for name, value in environment().items()}


def test_for_centrifugo_it_gets_the_key_and_the_secret(settings: Any) -> None:
    settings.HARK = {"OPTIONS": CENTRIFUGO}
    given = gateway_variables()
    assert (given["HTTP_SERVER_ADDRESS"], given["HTTP_SERVER_PORT"]) == ("127.0.0.1", "9001")
    assert given["HTTP_API_KEY"] == CENTRIFUGO["api_key"]
    assert given["CLIENT_TOKEN_HMAC_SECRET_KEY"] == CENTRIFUGO["token_secret"]
    assert not any(name.startswith("PUBNUB") for name in given)


def test_for_pubnub_it_gets_the_keyset_and_nothing_of_the_other_protocol(settings: Any) -> None:
    settings.HARK = PUBNUB | {"OPTIONS": {**KEYSET, "origin": "127.0.0.1:9001", "ssl": False}}
    given = gateway_variables()
    assert (given["HTTP_SERVER_ADDRESS"], given["HTTP_SERVER_PORT"]) == ("127.0.0.1", "9001")
    assert given["PUBNUB_ENABLED"] == "true"
    assert json.loads(given["PUBNUB_KEYSETS"]) == [KEYSET]
    assert "inbox" in given["CHANNEL_NAMESPACES"]
    assert not {"HTTP_API_KEY", "CLIENT_TOKEN_HMAC_SECRET_KEY"} & given.keys()


def test_behind_a_proxy_with_tls_the_address_is_the_operators_to_choose(settings: Any) -> None:
    settings.HARK = PUBNUB | {"OPTIONS": {**KEYSET, "origin": "live.example.org"}}
    assert not {"HTTP_SERVER_ADDRESS", "HTTP_SERVER_PORT"} & gateway_variables().keys()


@pytest.mark.parametrize("origin", [{}, {"origin": "ps.pndsn.com"}], ids=["by default", "named"])
def test_pubnubs_network_needs_no_gateway_and_the_command_says_so(
    settings: Any, origin: dict[str, str]
) -> None:
    settings.HARK = PUBNUB | {"OPTIONS": KEYSET | origin}
    with pytest.raises(CommandError, match="PubNub's network is the gateway"):
        call_command("hark", "gateway")
