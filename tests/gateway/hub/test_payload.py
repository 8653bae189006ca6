"""What a publication may hold, against counts that are plain to see."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.hub.errors import BadRequest
from hark_gateway.hub.payload import MAX_DIGITS, MAX_NESTING, check, check_nesting

Tree = st.recursive(
    st.text(alphabet='[]{}"\\ab') | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[{"\\'), inner),
)


def nested(depth: int, core: object) -> object:
    for level in range(depth):
        core = [core] if level % 2 else {"[": core}
    return core


def depth_of(tree: object) -> int:
    if isinstance(tree, dict):
        tree = list(tree.values())
    return 1 + max(map(depth_of, tree), default=0) if isinstance(tree, list) else 0


@pytest.mark.parametrize("data", [b"[" * 5, b"[]" * 5, b"[[]]" * MAX_NESTING])
def test_many_brackets_are_not_deep(data: bytes) -> None:
    check_nesting(data)


@given(core=Tree)
def test_what_is_refused_is_what_is_too_deep(core: object) -> None:
    most = MAX_NESTING - depth_of(core)
    check_nesting(json.dumps(nested(most, core)).encode())
    with pytest.raises(BadRequest):
        check_nesting(json.dumps(nested(most + 1, core)).encode())


@pytest.mark.parametrize("data", ["1", "-1", "[0.1]", '{"a": 1e1}', '[1, "\\"", 1]'])
def test_a_number_may_have_as_many_digits_as_every_parser_reads(data: str) -> None:
    check(data.replace("1", "1" * MAX_DIGITS).encode())
    with pytest.raises(BadRequest):
        check(data.replace("1", "1" * (MAX_DIGITS + 1)).encode())


def test_digits_in_a_string_are_no_number() -> None:
    check(json.dumps({"a": "1" * 9999, '\\"': '"' + "1" * 9999}).encode())
