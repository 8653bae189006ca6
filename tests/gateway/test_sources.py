"""The configuration: where it comes from, and what stops the start."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hark_gateway.config import Config
from hark_gateway.sources import ConfigError, as_settings, load, paths_of, variable_for

NAMESPACES = '[{"name":"chat","history_size":10,"history_ttl":"1h30m"},{"name":"my-feed"}]'


def loaded(**variables: str) -> Config:
    return load(None, {f"HARK_GATEWAY_{name}": value for name, value in variables.items()})


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".toml"])
def test_a_file_may_have_any_of_three_formats(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"config{suffix}"
    settings = {"http_server": {"port": 9000}, "client": {"ping_interval": "30s"}}
    text = '[http_server]\nport = 9000\n[client]\nping_interval = "30s"\n'
    if suffix != ".toml":
        text = json.dumps(settings) if suffix == ".json" else yaml.safe_dump(settings)
    file.write_text(text)
    config = load(file, {})
    assert (config.http_server.port, config.client.ping_interval) == (9000, 30)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"http_server": {"port": 9000, "address": "::1"}}')
    config = load(file, {"HARK_GATEWAY_HTTP_SERVER_PORT": "9001", "HOME": "/elsewhere"})
    assert (config.http_server.port, config.http_server.address) == (9001, "::1")


def test_variables_reach_every_kind_of_option() -> None:
    config = loaded(
        CLIENT_ALLOWED_ORIGINS="https://a.example https://b.example",
        CLIENT_TOKEN_HMAC_SECRET_KEY="12345",
        SSE_ENABLED="true",
        CHANNEL_NAMESPACES=NAMESPACES,
        CHANNEL_NAMESPACES_CHAT_PRESENCE="true",
        CHANNEL_NAMESPACES_MY_FEED_JOIN_LEAVE="true",
        CHANNEL_WITHOUT_NAMESPACE_PRESENCE="1",
        HTTP_API_KEY="",
    )
    assert config.client.allowed_origins == ("https://a.example", "https://b.example")
    assert config.client.token.hmac_secret_key == "12345"
    assert config.sse.enabled
    chat, feed = config.channel.namespaces
    assert (chat.history_size, chat.history_ttl, chat.presence) == (10, 5400, True)
    assert (feed.name, feed.join_leave) == ("my-feed", True)
    assert config.channel.without_namespace.presence
    assert config.http_api.key == ""


def test_namespaces_may_be_given_by_name_alone() -> None:
    config = loaded(CHANNEL_NAMESPACES="chat inbox", CHANNEL_NAMESPACES_INBOX_PRESENCE="true")
    assert [(each.name, each.presence) for each in config.channel.namespaces] == [
        ("chat", False),
        ("inbox", True),
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"client": {"tokn": {}}}, "client.tokn: unknown option; did you", id="typo"),
        pytest.param({"engine": {"type": "redis"}}, "engine: an option of Cent", id="Centrifugo's"),
        pytest.param({"pubnb": 1}, "pubnb: unknown option", id="unknown section"),
        pytest.param(
            {"channel": {"namespaces": [{"name": "ab", "allow_tags_filter": True}]}},
            "channel.namespaces[0].allow_tags_filter: an option of Centrifugo's",
            id="Centrifugo's in a namespace",
        ),
        pytest.param(
            {"channel": {"namespaces": [{"presence": True}]}}, "needs a name", id="no name"
        ),
        pytest.param(
            {"channel": {"namespaces": [{"name": "ab"}, {"name": "ab"}]}}, "once", id="twice"
        ),
        pytest.param({"channel": {"namespaces": [{"name": "a"}]}}, "'a' is no name", id="short"),
        pytest.param(
            {"channel": {"without_namespace": {"history_size": 1}}}, "history_ttl", id="half"
        ),
        pytest.param(
            {"channel": {"without_namespace": {"force_recovery": True}}}, "recovery", id="no list"
        ),
        pytest.param(
            {"channel": {"without_namespace": {"history_size": 1, "history_ttl": "721h"}}},
            "history_meta_ttl",
            id="outlives its offsets",
        ),
        pytest.param(
            {"channel": {"without_namespace": {"channel_regex": "("}}}, "regular", id="regex"
        ),
        pytest.param(
            {"channel": {"without_namespace": {"force_recovery_mode": "x"}}}, "cache", id="mode"
        ),
        pytest.param({"client": {"ping_interval": "5s"}}, "pong_timeout", id="hasty ping"),
        pytest.param({"client": {"ping_interval": "25500ms"}}, "whole", id="half a second"),
        pytest.param({"client": {"ping_interval": 25}}, "such as", id="bare number"),
        pytest.param({"client": {"ping_interval": "25 parsecs"}}, "such as", id="no duration"),
        pytest.param({"client": {"ping_interval": "9" * 400 + "h"}}, "hundred years", id="ages"),
        pytest.param({"pubnub": {"history_ttl": "999999999h"}}, "hundred years", id="endless"),
        pytest.param({"client": {"allowed_origins": 1}}, "expected a list", id="no list at all"),
        pytest.param({"client": []}, "expected a table", id="no table"),
        pytest.param({"http_server": {"port": "x"}}, "http_server.port", id="no number"),
        pytest.param({"http_api": {"key": 1}}, "http_api.key: expected text", id="no text"),
        pytest.param({"log": {"level": "loud"}}, "log.level", id="no level"),
        pytest.param({"client": {"token": {"rsa_public_key": "x"}}}, "public key", id="no key"),
        pytest.param(
            {"client": {"token": {"jwks_public_endpoint": "file:///etc"}}}, "https", id="no URL"
        ),
    ],
)
def test_a_wrong_option_stops_the_start_with_its_name(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    with pytest.raises(ConfigError) as stopped:
        load(file, {})
    assert said in str(stopped.value)


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("HTTP_SERVER_PROT", "did you mean HARK_GATEWAY_HTTP_SERVER_PORT?"),
        ("REDIS", "remove it, or see hark-gateway print-config"),
        ("ENGINE_REDIS_ADDRESS", "or use Centrifugo"),
        ("CHANNEL_NAMESPACES", "not JSON"),
    ],
)
def test_a_wrong_variable_stops_the_start_with_its_name(variable: str, said: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        loaded(**{variable: "[x"})
    assert str(stopped.value).startswith(f"HARK_GATEWAY_{variable}: ")
    assert said in str(stopped.value)


def test_all_faults_are_named_in_one_run(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    settings = {
        "engine": {"type": "redis"},
        "client": {"ping_interval": "soon", "proxy": {}, "pong_timout": "1s"},
        "channel": {"namespaces": [{"name": "chat", "history_size": "x"}, {"presence": 1}]},
        "log": {"level": "chatty"},
    }
    file.write_text(json.dumps(settings))
    variables = {"HARK_GATEWAY_HTTP_SERVER_PROT": "1", "HARK_GATEWAY_REDIS": "1"}
    with pytest.raises(ConfigError) as stopped:
        load(file, variables)
    named = [fault.partition(":")[0] for fault in stopped.value.faults]
    assert named == [
        "HARK_GATEWAY_REDIS",
        "HARK_GATEWAY_HTTP_SERVER_PROT",
        "engine",
        "client.ping_interval",
        "client.proxy",
        "client.pong_timout",
        "channel.namespaces[0].history_size",
        "channel.namespaces[1]",
    ]


def test_all_contradictions_are_named_in_one_run() -> None:
    with pytest.raises(ConfigError) as stopped:
        loaded(
            CLIENT_PING_INTERVAL="1500ms",
            LOG_LEVEL="chatty",
            CLIENT_TOKEN_AUDIENCE_REGEX="(",
            CHANNEL_NAMESPACES='[{"name":"a"},{"name":"chat","history_size":1}]',
            CHANNEL_WITHOUT_NAMESPACE_HISTORY_SIZE="1",
        )
    assert len(stopped.value.faults) == 7


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("CHAT_PUBLISH_PROXY_ENABLED", "decide by tokens instead"),
        ("CHAT_PRESENSE", "did you mean HARK_GATEWAY_CHANNEL_NAMESPACES_CHAT_PRESENCE?"),
        ("NEWS_PRESENCE", "which lists chat, my-feed; add it there"),
        ("MAP_PRESENCE", "which lists chat, my-feed; add it there"),
    ],
)
def test_a_variable_for_a_namespace_gets_advice_that_helps(variable: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        loaded(CHANNEL_NAMESPACES=NAMESPACES, **{f"CHANNEL_NAMESPACES_{variable}": "true"})


@pytest.mark.parametrize("name", ["nowhere.json", "config.ini", "broken.json", "list.yaml"])
def test_an_unreadable_file_stops_the_start_with_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(ConfigError, match=name):
        load(tmp_path / name, {})


def test_what_is_printed_can_be_read_again_and_shows_no_secret(tmp_path: Path) -> None:
    config = loaded(
        CLIENT_TOKEN_HMAC_SECRET_KEY="hidden", HTTP_API_KEY="hidden", CHANNEL_NAMESPACES=NAMESPACES
    )
    printed = yaml.safe_dump(as_settings(config))
    assert "hidden" not in printed
    file = tmp_path / "printed.yaml"
    file.write_text(printed.replace("(set)", "hidden"))
    assert load(file, {}) == config


def test_no_two_options_share_a_variable() -> None:
    variables = [variable_for(path) for path in paths_of(Config)]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--help"], 0, "check-config"),
        (["check-config"], 0, "The configuration is right."),
        (["print-config"], 0, "ping_interval: 25s"),
        (["--config", "nowhere.json"], 1, "hark-gateway: nowhere.json: No such file"),
        (["fly"], 2, "invalid choice"),
    ],
)
def test_the_command_line(arguments: list[str], status: int, said: str) -> None:
    command = [sys.executable, "-m", "hark_gateway", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
