"""Tokens: the official SDK reads them, nobody can alter them, and they allow what they say."""

import hmac
import re
from base64 import urlsafe_b64encode

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

from hark_gateway.protocols.pubnub import tokens
from hark_gateway.protocols.pubnub.tokens import BadToken, Grant, Permission

KEY = b"example-token-key"
EXAMPLE = Grant(
    granted_at=1_700_000_000,
    ttl=60,
    resources={"channels": {"pn-noti-42": 9}},
    uuid="pn-noti-42",
)
EXAMPLE_TOKEN = (
    "qEF2AkF0GmVT8QBDdHRsGDxDcmVzpURjaGFuoWpwbi1ub3RpLTQyCUNncnCgQ3NwY6BDdXNyoER1dWlkoENwYXSl"
    "RGNoYW6gQ2dycKBDc3BjoEN1c3KgRHV1aWSgRG1ldGGgRHV1aWRqcG4tbm90aS00MkNzaWdYIA-yv0GAU6G2a60E"
    "iCMtf1Y-nBfzFQI-jO0YGA_mno2Y"
)
NAMES = st.text(min_size=1, max_size=20)
BITS = st.integers(min_value=0, max_value=255)
RESOURCES = st.fixed_dictionaries(
    {
        kind: st.dictionaries(NAMES, BITS, max_size=4)
        for kind in ("channels", "groups", "uuids", "users", "spaces")
    }
)
GRANTS = st.builds(
    Grant,
    granted_at=st.integers(min_value=1_600_000_000, max_value=4_000_000_000),
    ttl=st.integers(min_value=1, max_value=43_200),
    resources=RESOURCES,
    patterns=st.just({}),
    meta=st.dictionaries(NAMES, st.integers() | NAMES, max_size=3),
    uuid=st.none() | NAMES,
)


@pytest.fixture(scope="module")
def sdk() -> PubNub:
    configuration = PNConfiguration()
    configuration.subscribe_key = "sub"
    configuration.user_id = "server"
    configuration.disable_config_locking = False
    return PubNub(configuration)


def test_the_recorded_example_is_written_byte_for_byte() -> None:
    assert tokens.encode(EXAMPLE, KEY) == EXAMPLE_TOKEN


@given(GRANTS)
def test_the_official_sdk_parses_every_token(sdk: PubNub, grant: Grant) -> None:
    parsed = sdk.parse_token(tokens.encode(grant, KEY))
    assert (parsed["timestamp"], parsed["ttl"]) == (grant.granted_at, grant.ttl)
    assert parsed.get("authorized_uuid") == grant.uuid
    assert set(parsed["resources"]["channels"]) == set(grant.resources["channels"])
    for name, bits in grant.resources["channels"].items():
        assert parsed["resources"]["channels"][name]["read"] == bool(bits & 1)
        assert parsed["resources"]["channels"][name]["delete"] == bool(bits & 8)


@given(GRANTS)
def test_a_token_allows_what_was_granted(grant: Grant) -> None:
    token = tokens.decode(tokens.encode(grant, KEY), KEY)
    assert (token.uuid, token.expires_at) == (grant.uuid, grant.granted_at + 60 * grant.ttl)
    for kind in ("channels", "groups"):
        for name, bits in grant.resources[kind].items():
            for permission in Permission:
                assert token.allows(kind, name, permission) == bool(bits & permission)
    assert not token.allows("channels", "a name that is twenty-one", Permission.READ)


def test_a_changed_byte_is_found_wherever_it_is() -> None:
    for at in range(len(EXAMPLE_TOKEN)):
        other = "A" if EXAMPLE_TOKEN[at] != "A" else "B"
        with pytest.raises(BadToken):
            tokens.decode(EXAMPLE_TOKEN[:at] + other + EXAMPLE_TOKEN[at + 1 :], KEY)


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_arbitrary_bytes_are_no_token(noise: bytes | str) -> None:
    text = noise if isinstance(noise, str) else noise.hex()
    with pytest.raises(BadToken):
        tokens.decode(text, KEY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(EXAMPLE_TOKEN[:-4], id="cut"),
        pytest.param(EXAMPLE_TOKEN + "!", id="with a character that lax decoders skip"),
        pytest.param(EXAMPLE_TOKEN + "\n", id="with a line feed"),
        pytest.param("A" * 100_000, id="long"),
        pytest.param("é" * 200, id="not ASCII"),
    ],
)
def test_a_malformed_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        tokens.decode(text, KEY)


def test_a_token_of_another_keyset_is_refused() -> None:
    ours, theirs = tokens.signing_key("secret", "sub-1"), tokens.signing_key("secret", "sub-2")
    with pytest.raises(BadToken):
        tokens.decode(tokens.encode(EXAMPLE, ours), theirs)


def test_hostile_cbor_is_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cbor2, "loads", lambda _: pytest.fail("parsed before verified"))
    bomb = bytes.fromhex("a8") + b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff" + b"\x43sig\x58\x20"
    bomb += hmac.digest(b"a guess", bomb, "sha256")
    with pytest.raises(BadToken):
        tokens.decode(urlsafe_b64encode(bomb).decode(), KEY)


@pytest.mark.parametrize(
    ("pattern", "name", "allowed"),
    [
        ("^room-[0-9]+$", "room-12", True),
        ("room-[0-9]+", "room-12", True),
        ("room-[0-9]+", "a room-12", False),
        ("room-[0-9]+", "room-12x", False),
        ("room", "rooms", False),
        (".*", "anything.at.all", True),
        ("room.", "room*", True),
    ],
)
def test_a_pattern_opens_only_the_names_that_it_matches_whole(
    pattern: str, name: str, allowed: bool
) -> None:
    grant = Grant(granted_at=1_700_000_000, ttl=1, patterns={"channels": {pattern: 1}})
    token = tokens.decode(tokens.encode(grant, KEY), KEY)
    assert token.allows("channels", name, Permission.READ) is allowed
    assert bool(re.fullmatch(pattern, name)) is allowed
    assert not token.allows("channels", name, Permission.WRITE)
    assert not token.allows("groups", name, Permission.READ)
