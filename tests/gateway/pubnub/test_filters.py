"""Filter expressions: PubNub's documented examples, what is missing, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub import envelopes
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


WORDS = st.sampled_from(
    [*OPERANDS, *OPERATORS, "(", ")", "[", "]", ",", ".", "!", "meta", "data", "a", "not", "and"]
) | st.from_regex(r"\d{1,4}(\.\d{1,3})?([eE][+-]?\d{1,4})?|\"[^\"\\]{0,3}\"", fullmatch=True)
NUMBERS = st.sampled_from(["1e999", "-1e999", "NaN", "9" * 400, "9" * 5000, "1e-999", "-0", "0.1"])
MESSAGES = st.one_of(JSON.map(json.dumps), NUMBERS, NUMBERS.map(lambda n: f'{{"a":[{n}],"b":{n}}}'))
EXPRESSIONS = st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40)


@settings(max_examples=1000)
@given(EXPRESSIONS, MESSAGES, MESSAGES)
def test_any_text_is_refused_in_its_own_words_or_judges_any_message(
    text: str, data: str, meta: str
) -> None:
    event = envelopes.event(1, "room", data.encode(), meta=meta.encode(), filterable=True)
    try:
        wanted = Filter(text)
    except BadFilter:
        return
    assert wanted.accepts(event.sources) in (True, False)


@pytest.mark.parametrize("index", ["1e999", "1e400", "0.5", "1.5e0"])
def test_what_is_no_place_in_a_list_is_refused(index: str) -> None:
    with pytest.raises(BadFilter):
        Filter(f"data[{index}]==1")


@pytest.mark.parametrize("index", ["1e300", "9" * 300, "99999999999999999999"])
def test_a_place_far_beyond_a_list_holds_nothing(index: str) -> None:
    assert not Filter(f"data[{index}]==1").accepts(Sources([1], None))
