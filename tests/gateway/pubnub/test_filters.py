"""Filter expressions: PubNub's documented examples, what is missing, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub.filters import BadFilter, Filter, Sources

MESSAGE = Sources(
    data={
        "score": 85,
        "text": "Hello World",
        "user": {"role": "admin"},
        "tags": ["a", "b"],
        "ok": True,
    },
    meta={"priority": "high", "age": 32, "uuid": "bob", "region": "eu", "like": 1, "n": [10, 20]},
)


@pytest.mark.parametrize(
    ("expression", "wished"),
    [
        ('(meta.priority == "high") && (data.score > 80)', True),
        ("uuid != 'x'", True),
        ("uuid != 'bob'", False),
        ("age >= 32 && age < 33", True),
        ("age <= 31 || age > 40", False),
        ('data.user["role"] == "admin"', True),
        ("data.user.role == 'admin'", True),
        ("!(meta.priority == 'low')", True),
        ("data.text LIKE 'hello*'", True),
        ("data.text like '*WORLD'", True),
        ("data.text like 'h*o*d'", True),
        ("data.text like '*lo*lo*'", False),
        ("data.text like 'hello'", False),
        ("data.text contains 'World'", True),
        ("data.text contains 'world'", False),
        ("data.tags contains 'a'", True),
        ("data.tags contains 'c'", False),
        ("('eu', 'us') contains meta.region", True),
        ("('us') contains meta.region", False),
        ("data.score % 2 == 1", True),
        ("(data.score + 5) / 3 == 30", True),
        ("data.score * 2 - 70 > 99.5", True),
        ("-data.score < 0", True),
        ("data.ok == true", True),
        ("data.ok", True),
        ("meta.n[1] == 20", True),
        ("meta.like == 1", True),
        ("data.score == '85'", False),
        ("data.text > 'A'", False),
        ("1 + 2 * 3 == 7", True),
        ("1 == 1 || 1 == 2 && 1 == 3", True),
    ],
)
def test_an_expression_says_which_messages_are_wished_for(expression: str, wished: bool) -> None:
    assert Filter(expression).accepts(MESSAGE) is wished


@pytest.mark.parametrize(
    ("expression", "wished"),
    [
        ("meta.none == 'x'", False),
        ("meta.none != 'x'", True),
        ("meta.none > 1", False),
        ("meta.none like '*'", False),
        ("meta.none contains 'x'", False),
        ("meta.none + 1 == 1", False),
        ("meta.none", False),
        ("!meta.none", True),
        ("meta.none == meta.none", False),
        ("data.score / 0 > 0", False),
    ],
)
@pytest.mark.parametrize("sources", [Sources(None, None), Sources("text", {}), MESSAGE])
def test_a_missing_field_equals_nothing(expression: str, wished: bool, sources: Sources) -> None:
    assert Filter(expression).accepts(sources) is wished


@pytest.mark.parametrize(
    "expression",
    [
        "", "==", "a ==", "a == 'open", "(a == 1", "a == 1)", "a b", "a ? b", "a[b] == 1",
        "a. == 1", "a == 1 &&", "()", "((((" * 50, "a" * 3000, "!" * 200, "-" * 200,
        " && ".join(["a == 1"] * 99),
    ],
)  # fmt: skip
def test_a_broken_or_boundless_expression_is_refused(expression: str) -> None:
    with pytest.raises(BadFilter):
        Filter(expression)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
OPERANDS = [
    "meta.a",
    "data.a",
    "data.b[0]",
    "'a*'",
    "1.5",
    "-meta.a",
    "('a', 2)",
    "!data.a",
    "true",
]
OPERATORS = [
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "like",
    "contains",
    "&&",
    "||",
    "+",
    "-",
    "*",
    "/",
    "%",
]


@given(
    JSON,
    JSON,
    st.lists(st.tuples(st.sampled_from(OPERANDS), st.sampled_from(OPERATORS)), max_size=5),
)
def test_no_message_makes_an_expression_fail(
    data: Any, meta: Any, words: list[tuple[str, str]]
) -> None:
    expression = " ".join([word for pair in words for word in pair] + ["data.a"])
    sources = Sources({"a": data, "b": data}, {"a": meta})
    assert Filter(expression).accepts(sources) in (True, False)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Filter(text)
    except BadFilter:
        return
    assert text.strip()
