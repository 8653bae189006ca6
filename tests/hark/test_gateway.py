"""manage.py hark gateway: which options the embedded gateway gets from HARK."""

import json
from dataclasses import fields
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http.request import split_domain_port, validate_host
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from hark.gateway import environment
from hark_gateway.hub.options import ChannelOptions, Namespaces
from hark_gateway.protocols.centrifuge.origins import Origins
from hark_gateway.sources import load

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


def test_for_centrifugo_it_answers_by_each_transport_that_connect_names(
    settings: Any, bo_client: APIClient
) -> None:
    settings.HARK = {"OPTIONS": CENTRIFUGO}
    named = bo_client.post("/api/hark/connect/").json()
    config = load(None, environment())
    assert named["transports"] == [
        {"transport": "websocket", "endpoint": "ws://127.0.0.1:9001/connection/websocket"},
        {"transport": "http_stream", "endpoint": "http://127.0.0.1:9001/connection/http_stream"},
        {"transport": "sse", "endpoint": "http://127.0.0.1:9001/connection/sse"},
    ]
    assert config.http_stream.enabled
    assert config.sse.enabled
    assert config.http_stream.handler_prefix == "/connection/http_stream"
    assert config.sse.handler_prefix == "/connection/sse"
    assert named["emulation_endpoint"] == "http://127.0.0.1:9001/emulation"
    assert config.emulation.handler_prefix == "/emulation"


@pytest.mark.parametrize(
    ("url", "beside"),
    [
        ("wss://example.org/connection/websocket", "https://example.org"),
        ("wss://wss.example.org/live/connection/websocket", "https://wss.example.org/live"),
    ],
)
def test_other_transports_are_beside_the_websocket(
    settings: Any, bo_client: APIClient, url: str, beside: str
) -> None:
    settings.HARK = {"OPTIONS": {**CENTRIFUGO, "url": url}}
    named = bo_client.post("/api/hark/connect/").json()
    assert [each["endpoint"] for each in named["transports"]] == [
        url,
        f"{beside}/connection/http_stream",
        f"{beside}/connection/sse",
    ]
    assert named["emulation_endpoint"] == f"{beside}/emulation"


def test_a_websocket_at_an_address_of_its_own_is_the_only_transport(
    settings: Any, bo_client: APIClient
) -> None:
    settings.HARK = {"OPTIONS": {**CENTRIFUGO, "url": "wss://live.example.org/ws"}}
    named = bo_client.post("/api/hark/connect/").json()
    assert named["transports"] == [
        {"transport": "websocket", "endpoint": "wss://live.example.org/ws"}
    ]
    assert named["emulation_endpoint"] == ""


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


def lets_in(origin: str) -> bool:
    patterns = gateway_variables()["CLIENT_ALLOWED_ORIGINS"].split()
    return Origins(tuple(patterns)).match(origin)


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        pytest.param([".example.com"], "https://example.com", True, id="the domain itself"),
        pytest.param([".example.com"], "https://a.b.example.com:8443", True, id="all below it"),
        pytest.param([".example.com"], "https://notexample.com", False, id="another domain"),
        pytest.param([".example.com"], "https://example.com.evil.org", False, id="a longer one"),
        pytest.param(["example.com"], "https://www.example.com", False, id="below, not asked for"),
        pytest.param([".Example.COM"], "https://www.example.com", True, id="upper case"),
        pytest.param(["example.com"], "http://example.com.:8000", True, id="named from the root"),
        pytest.param(["example.com"], "https://example.com", True, id="another scheme"),
        pytest.param(["[::1]"], "http://[::1]:3000", True, id="IPv6"),
        pytest.param(["::1"], "http://[::1]:3000", False, id="IPv6 without its brackets"),
        pytest.param(["xn--bcher-kva.example"], "https://xn--bcher-kva.example", True, id="IDN"),
        pytest.param(["*"], "https://anywhere.example", True, id="all"),
        pytest.param(["*.example.com"], "https://www.example.com", False, id="no wildcard"),
        pytest.param(["example.com:8000"], "https://example.com:8000", False, id="with a port"),
        pytest.param(["", " ", " a.example"], "https://a.example", False, id="empty and spaces"),
        pytest.param([], "https://example.com", False, id="none"),
    ],
)
def test_pages_of_the_hosts_that_django_answers_for_may_connect(
    settings: Any, allowed: list[str], origin: str, expected: bool
) -> None:
    settings.HARK, settings.ALLOWED_HOSTS = {"OPTIONS": CENTRIFUGO}, allowed
    domain, _ = split_domain_port(origin.partition("://")[2])
    assert (validate_host(domain, allowed), lets_in(origin)) == (expected, expected)


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://shop.localhost", "http://127.0.0.1", "http://[::1]"]
)
def test_in_development_pages_of_this_machine_may_connect(settings: Any, origin: str) -> None:
    settings.HARK, settings.ALLOWED_HOSTS = {"OPTIONS": CENTRIFUGO}, []
    settings.DEBUG = True
    assert lets_in(origin)


LABELS = st.sampled_from(["a", "b", "example", "com", "1"])
HOSTS = st.tuples(
    st.lists(LABELS, min_size=1, max_size=4).map(".".join), st.sampled_from(["", "."])
)
ENTRIES = st.lists(LABELS | st.sampled_from(["", "*", "B"]), max_size=4).map(".".join)


@given(allowed=st.lists(ENTRIES, max_size=3), host=HOSTS.map("".join))
def test_the_gateway_and_django_always_agree(allowed: list[str], host: str) -> None:
    domain, _ = split_domain_port(host)
    with override_settings(HARK={"OPTIONS": CENTRIFUGO}, ALLOWED_HOSTS=allowed, DEBUG=False):
        assert validate_host(domain, allowed) == lets_in(f"https://{host}")


def test_a_namespace_that_is_declared_while_the_gateway_runs_is_like_the_others(
    settings: Any,
) -> None:
    settings.HARK = {"OPTIONS": CENTRIFUGO}
    config = load(None, environment())
    namespaces = Namespaces(config.channel)
    later, inbox = namespaces.options_for("later:7"), namespaces.options_for("inbox:7")
    options = {field.name for field in fields(ChannelOptions)}
    assert {name: getattr(later, name) for name in options} == {
        name: getattr(inbox, name) for name in options
    }
