"""Patterns: RE2's, which agree with Python's but where said; no name costs more than its length."""

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
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}", "*?"])
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
        assume("too large" not in str(refusal))
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
        pytest.param("(?<=a)", id="lookbehind"),
        pytest.param("a*+", id="possessive repetition"),
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param("a{9999}", id="too many repetitions"),
        pytest.param(r"(?i:\pL?){90}", id="too large a program"),
        pytest.param("((((a{99}){99}){99}){99}){99}", id="nested repetitions"),
        pytest.param("(((((){99}){99}){99}){99}){99}", id="nested repetitions of nothing"),
        pytest.param("((((a{0}){99}){99}){99}){99}", id="nested repetitions of none"),
        pytest.param("a" * (MAX_CHARACTERS + 1), id="long"),
    ],
)
def test_what_cannot_be_matched_in_bounded_time_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        Pattern(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(?=a)", "invalid perl operator: (?=; patterns are written in the syntax of RE2"),
        ("a{9999}", "invalid repetition size: {9999}; too large: shorten its repetitions"),
        (
            r"(?i:\pL?){90}",
            "pattern too large - compile failed; too large: shorten its repetitions",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(text: str, words: str) -> None:
    with pytest.raises(BadPattern) as refusal:
        Pattern(text)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    ("text", "name", "matched"),
    [
        pytest.param(r"room\b.*", "room-1", True, id="a word boundary"),
        pytest.param(r"room\b.*", "rooms", False, id="no word boundary"),
        pytest.param("(?i)room", "ROOM", True, id="a flag"),
        pytest.param(r"\d", "\u0663", False, id="digits are those of ASCII"),
        pytest.param(r"\w", "é", False, id="so are letters"),
        pytest.param(r"\pL", "é", True, id="unless all of Unicode's are asked for"),
        pytest.param(".", "\U0001f600", True, id="a character is one, not its bytes"),
        pytest.param("a$", "a\n", False, id="the end is the end"),
        pytest.param("a{,2}", "aa", False, id="a repetition has a minimum"),
        pytest.param(".*", "\ud800", False, id="a lone surrogate is no character"),
        pytest.param("(" * 255 + "a" + ")" * 255, "a", True, id="deep"),
    ],
)
def test_patterns_are_read_as_pubnubs_engine_reads_them(
    text: str, name: str, matched: bool
) -> None:
    assert Pattern(text).matches(name) is matched


@pytest.mark.timeout(20)  # what backtracks, or is quadratic, would take hours
@pytest.mark.parametrize(
    "text",
    [
        *("(a+)+$", "(a|aa)*", "(a|a?)+", ".*.*.*.*.*.*=.*", "((a*)*)*"),
        "(a?){200}a{200}",
        ".*a.{90}b",
    ],
)
def test_a_name_made_to_backtrack_takes_no_more_steps_than_another(text: str) -> None:
    assert not Pattern(text).matches("a" * 200_000 + "!")
