"""Names: what is allowed, what a wildcard matches, and how the hub spells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub import names
from hark_gateway.protocols.pubnub.names import BadName, Spelling


@pytest.mark.parametrize("name", ["room", "a.b.c", "a.b.c.d", "grüße", "x" * 92, "room-pnpres"])
def test_an_ordinary_name_is_allowed(name: str) -> None:
    assert names.check(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 93, "a,b", "a:b", "a*", "a/b", "a\\b", "a b", "a\0", "a\n", "a\x7f"]
)
def test_a_reserved_character_or_a_bad_length_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        names.check(name)


@pytest.mark.parametrize("name", ["a.*", "a.b.*", "a.*-pnpres", "a.b.*-pnpres", "room-pnpres"])
def test_a_wildcard_may_be_subscribed_to(name: str) -> None:
    assert names.check_subscription(name) == name


@pytest.mark.parametrize("name", ["*", ".*", "a*", "a.b.c.*", "a.*.b", "*.a", "-pnpres", ""])
def test_a_wildcard_elsewhere_than_after_two_levels_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        names.check_subscription(name)


@pytest.mark.parametrize(
    ("name", "wildcards"),
    [
        ("room", []),
        ("a.b", ["a.*"]),
        ("a.b.c", ["a.*", "a.b.*"]),
        ("a.b.c.d", ["a.*", "a.b.*"]),
        ("a.b-pnpres", ["a.*-pnpres"]),
    ],
)
def test_a_wildcard_matches_everything_below_it(name: str, wildcards: list[str]) -> None:
    assert names.wildcards_of(name) == wildcards


@pytest.fixture
def spelling() -> Spelling:
    """The hub knows the namespaces inbox and posts."""
    return Spelling(["inbox", "posts"])


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("inbox.42", "inbox:42"),
        ("posts.a.b", "posts:a.b"),
        ("room", "room"),
        ("other.1", "other.1"),
        ("inbox", "inbox"),
    ],
)
def test_a_namespace_ends_with_a_dot_here_and_a_colon_there(
    spelling: Spelling, here: str, there: str
) -> None:
    assert spelling.to_hub(here) == there
    assert spelling.from_hub(there) == here


@pytest.mark.parametrize("there", ["inbox.42", "other:1", "a b", "dialog:#1,2", "x" * 93])
def test_a_hub_channel_that_has_no_name_here_is_not_seen(spelling: Spelling, there: str) -> None:
    assert spelling.from_hub(there) is None


@given(st.text(alphabet="inboxpsta.:-#", max_size=20))
def test_no_two_hub_channels_share_a_name(there: str) -> None:
    spelling = Spelling(["inbox", "posts"])
    here = spelling.from_hub(there)
    assert here is None or spelling.to_hub(here) == there
