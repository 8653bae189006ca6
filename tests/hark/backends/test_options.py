"""Options of a backend are declared once, with the rules that they keep."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from hark.backends.base import Misconfigured
from hark.backends.options import FILLED, Rule, read
from hark.backends.pubnub.options import PubNubOptions

KEYS = {"publish_key": "pub", "subscribe_key": "sub", "secret_key": "sec"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PigeonOptions:
    loft: Annotated[str, FILLED, Rule(str.islower, "must be in small letters")]
    wait: Annotated[int, Rule(lambda wait: wait >= 0, "must be a number of seconds")] = 30
    fed: bool = True
    flock: int = 1


def test_what_is_given_and_what_is_not_become_the_options() -> None:
    assert read(PigeonOptions, {"loft": "east", "fed": False}) == PigeonOptions(
        loft="east", wait=30, fed=False
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "HARK['OPTIONS'] takes loft, wait, fed, flock: .*'loft'"),
        ({"loft": "a", "size": 1}, "HARK['OPTIONS'] takes loft, wait, fed, flock: .*'size'"),
        ({"loft": ""}, "HARK['OPTIONS']['loft'] must not be empty$"),
        ({"loft": "East"}, "HARK['OPTIONS']['loft'] must be in small letters$"),
        ({"loft": 7}, "HARK['OPTIONS']['loft'] must be text$"),
        ({"loft": "a", "wait": -1}, "HARK['OPTIONS']['wait'] must be a number of seconds$"),
        ({"loft": "a", "wait": "1"}, "HARK['OPTIONS']['wait'] must be a number of seconds$"),
        ({"loft": "a", "wait": True}, "HARK['OPTIONS']['wait'] must be a number of seconds$"),
        ({"loft": "a", "flock": 1.5}, "HARK['OPTIONS']['flock'] must be a whole number$"),
        ({"loft": "a", "fed": 1}, "HARK['OPTIONS']['fed'] must be True or False$"),
        ({"loft": "", "fed": 1}, "['loft'] must not be empty; HARK['OPTIONS']['fed'] must be True"),
    ],
)
def test_each_option_that_is_wrong_is_named(given: Any, said: str) -> None:
    pattern = said.replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(Misconfigured, match=pattern):
        read(PigeonOptions, given)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"user_id": ""}, "['user_id'] must not be empty"),
        ({"user_id": "é"}, "['user_id'] must be plain ASCII"),
        ({"origin": "https://ps.pndsn.com"}, 'must be a host such as "ps.pndsn.com"'),
        ({"ssl": "no"}, "['ssl'] must be True or False"),
        ({"message_ttl": -1}, "['message_ttl'] must be a number of hours"),
    ],
)
def test_pubnubs_options_have_rules_of_their_own(wrong: Any, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(PubNubOptions, KEYS | wrong)
    assert said in str(refused.value)
