"""Patterns: they agree with Python's own engine, and no name costs more than its length."""

import re
import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub.patterns import MAX_CHARACTERS, BadPattern, Pattern

ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "1",
        ".",
        "-",
        r"\.",
        r"\d",
        r"\W",
        r"\s",
        "[ab]",
        "[^a1]",
        "[a-c-]",
        r"[\d_]",
        "^",
        "$",
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join),
        inner.map(lambda text: f"({text})"),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{,2}", "*?"])
        ).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(PATTERNS, st.lists(st.text(alphabet="ab1.-_c ", max_size=8), min_size=1, max_size=8))
def test_it_agrees_with_pythons_engine(text: str, names: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            oracle = re.compile(text)
        except re.error:
            assume(False)
    try:
        pattern = Pattern(text)
    except BadPattern as refusal:
        assume("states" not in str(refusal))
        raise
    assert [pattern.matches(name) for name in names] == [
        oracle.fullmatch(name) is not None for name in names
    ]


@settings(max_examples=500)
@given(st.text(alphabet="ab09\u0663^$.|()[]{}*+?,:-\\\\dwW", max_size=30) | st.text(max_size=20))
def test_any_text_is_refused_in_its_own_words_or_judges_any_name(text: str) -> None:
    try:
        pattern = Pattern(text)
    except BadPattern:
        return
    assert pattern.matches("ab-09\u0663") in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(", id="open parenthesis"),
        pytest.param(")", id="closing parenthesis"),
        pytest.param("[a", id="open bracket"),
        pytest.param("*", id="nothing to repeat"),
        pytest.param("a{3,1}", id="backward repetition"),
        pytest.param("[z-a]", id="backward range"),
        pytest.param("\\", id="lone backslash"),
        pytest.param(r"(a)\1", id="back-reference"),
        pytest.param("(?=a)", id="lookahead"),
        pytest.param(r"\b", id="word boundary"),
        pytest.param("a{9999}", id="too many states"),
        pytest.param("((((a{99}){99}){99}){99}){99}", id="nested repetitions"),
        pytest.param("(((((){99}){99}){99}){99}){99}", id="nested repetitions of nothing"),
        pytest.param("((((a{0}){99}){99}){99}){99}", id="nested repetitions of none"),
        pytest.param("(" * 40 + ")" * 40, id="deep"),
        pytest.param("a" * (MAX_CHARACTERS + 1), id="long"),
    ],
)
def test_what_cannot_be_matched_in_bounded_time_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        Pattern(text)


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)*", "(a|a?)+", ".*.*.*.*.*.*=.*", "((a*)*)*"])
def test_a_name_made_to_backtrack_takes_no_more_steps_than_another(text: str) -> None:
    pattern = Pattern(text)
    assert not pattern.matches("a" * 91 + "!")
    assert len(pattern._remembered) <= 92  # each character was looked at once
