"""Regular expressions of grants, matched against whole names in bounded time.

A pattern comes from whoever holds the secret key, but names come from anybody, and a backtracking
matcher can be made to spend hours on 92 characters. So patterns become automata (Thompson, 1968),
of which all states advance together: a match costs at most characters times states. Back-references
and lookaround do not exist for automata and are refused, as in PubNub's own engine.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

MAX_CHARACTERS = 512
MAX_STATES = 512
MAX_DEPTH = 32
_MAX_REMEMBERED = 2048
"""Transitions kept by one pattern."""

Accepts = Callable[[str], bool]


class BadPattern(ValueError):
    """A pattern cannot be read, needs backtracking, or grows beyond the limit."""


class Pattern:
    """A regular expression that matches whole names only.

    Raises:
        BadPattern: See there.
    """

    __slots__ = ("_accepting", "_program", "_remembered", "_start")

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise BadPattern(f"a pattern has at most {MAX_CHARACTERS} characters")
        self._program = Program()
        entry = _Parser(text, self._program).parse()
        self._start = self._program.closure([entry], at_start=True)
        self._remembered: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._accepting: dict[frozenset[int], bool] = {}

    def matches(self, name: str) -> bool:
        """Return whether the pattern matches the whole of `name`."""
        states = self._start
        for character in name:
            states = self._after(states, character)
            if not states:
                return False
        return self._accepts(states) if name else self._program.accepts(states, at_start=True)

    def _after(self, states: frozenset[int], character: str) -> frozenset[int]:
        """Return where `character` leads, by memory if it was seen here before."""
        known = self._remembered.get((states, character))
        if known is None:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
                self._accepting.clear()
            known = self._remembered[states, character] = self._program.step(states, character)
        return known

    def _accepts(self, states: frozenset[int]) -> bool:
        accepting = self._accepting.get(states)
        if accepting is None:
            accepting = self._accepting[states] = self._program.accepts(states)
        return accepting


def matches(text: str, name: str) -> bool:
    """Return whether the pattern `text` matches `name`; one that cannot be read matches nothing."""
    pattern = compiled(text)
    return pattern is not None and pattern.matches(name)


@lru_cache(maxsize=4096)
def compiled(text: str) -> Pattern | None:
    """Return the pattern for `text`, the same one for all tokens that have it, if it is one."""
    try:
        return Pattern(text)
    except BadPattern:  # granted before such patterns were refused
        return None


class Kind(Enum):
    """What a state waits for."""

    CHARACTER = "character"
    NOTHING = "nothing"
    START = "start"
    END = "end"
    MATCH = "match"


@dataclass(slots=True)
class State:
    """A state: what it waits for, and where it leads then."""

    kind: Kind
    accepts: Accepts | None = None
    next: list[int] = field(default_factory=list)


class Program:
    """The automaton of one pattern; state 0 is the match."""

    __slots__ = ("states",)

    def __init__(self) -> None:
        self.states = [State(Kind.MATCH)]

    def add(self, kind: Kind, *following: int, accepts: Accepts | None = None) -> int:
        """Add a state and return its number.

        Raises:
            BadPattern: There are too many.
        """
        if len(self.states) >= MAX_STATES:
            raise BadPattern(f"a pattern has at most {MAX_STATES} states; shorten its repetitions")
        self.states.append(State(kind, accepts, list(following)))
        return len(self.states) - 1

    def closure(
        self, entries: Iterable[int], *, at_start: bool = False, at_end: bool = False
    ) -> frozenset[int]:
        """Return all states reached from `entries` without reading a character."""
        reached: set[int] = set()
        waiting = list(entries)
        free = {Kind.NOTHING} | ({Kind.START} if at_start else set())
        free |= {Kind.END} if at_end else set()
        while waiting:
            number = waiting.pop()
            if number not in reached:
                reached.add(number)
                state = self.states[number]
                if state.kind in free:
                    waiting.extend(state.next)
        return frozenset(reached)

    def step(self, states: frozenset[int], character: str) -> frozenset[int]:
        """Return the states after reading `character`."""
        following: list[int] = []
        known: dict[Accepts, bool] = {}  # a repetition's states share one test
        for state in map(self.states.__getitem__, states):
            if (test := state.accepts) is None:
                continue
            accepted = known.get(test)
            if accepted is None:
                accepted = known[test] = test(character)
            if accepted:
                following += state.next
        return self.closure(following)

    def accepts(self, states: frozenset[int], *, at_start: bool = False) -> bool:
        """Return whether the match is reached at the end of the name."""
        return 0 in self.closure(states, at_start=at_start, at_end=True)


Fragment = Callable[[int], int]
"""Adds states that lead to the given one and returns their entry; called once per repetition."""

_QUANTIFIER = re.compile(r"(?:([*+?])|\{(?=[\d,])(\d{0,4})(?:(,)(\d{0,4}))?\})\??")
_SHORTHANDS: dict[str, Accepts] = {
    "d": str.isdecimal,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class _Parser:
    """Reads a pattern by recursive descent, depth bounded."""

    def __init__(self, text: str, program: Program) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._program = program

    def parse(self) -> int:
        whole = self._alternatives()
        if self._at < len(self._text):
            raise BadPattern("unbalanced parenthesis")
        return whole(0)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise BadPattern("unexpected end of pattern")
        self._at += 1
        return character

    def _alternatives(self) -> Fragment:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadPattern(f"parentheses nest at most {MAX_DEPTH} deep")
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        self._depth -= 1
        if len(branches) == 1:
            return branches[0]
        return lambda exit_: self._program.add(Kind.NOTHING, *(each(exit_) for each in branches))

    def _sequence(self) -> Fragment:
        parts: list[Fragment] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))

        def build(exit_: int) -> int:
            exit_ = self._program.add(Kind.NOTHING, exit_)
            for part in reversed(parts):
                exit_ = part(exit_)
            return exit_

        return build

    def _repeated(self, atom: Fragment) -> Fragment:
        while quantifier := _QUANTIFIER.match(self._text, self._at):
            self._at = quantifier.end()
            sign, low, comma, high = quantifier.groups()
            if sign:
                least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
            else:
                least = int(low or 0)
                most = int(high) if high else None if comma else least
            if most is not None and most < least:
                raise BadPattern("a repetition's minimum is above its maximum")
            atom = self._repeat(atom, least, most)
        return atom

    def _repeat(self, atom: Fragment, least: int, most: int | None) -> Fragment:
        add = self._program.add

        def build(exit_: int) -> int:
            exit_ = add(Kind.NOTHING, exit_)  # repeating nothing must count against the limit too
            if most is None:
                loop = add(Kind.NOTHING, exit_)
                self._program.states[loop].next.insert(0, atom(loop))
                entry = loop
            else:
                entry = exit_
                for _ in range(most - least):
                    entry = add(Kind.NOTHING, atom(entry), exit_)
            for _ in range(least):
                entry = atom(entry)
            return entry

        return build

    def _atom(self) -> Fragment:  # noqa: PLR0911 (a table)
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._one(self._class())
            case ".":
                return self._one(lambda c: c != "\n")
            case "^":
                return lambda exit_: self._program.add(Kind.START, exit_)
            case "$":
                return lambda exit_: self._program.add(Kind.END, exit_)
            case "\\":
                return self._one(self._escape())
            case "*" | "+" | "?":
                raise BadPattern("nothing to repeat")
            case _:
                return self._one(character.__eq__)

    def _one(self, accepts: Accepts) -> Fragment:
        return lambda exit_: self._program.add(Kind.CHARACTER, exit_, accepts=accepts)

    def _group(self) -> Fragment:
        if self._peek() == "?":
            if not self._text.startswith("?:", self._at):
                raise BadPattern("only plain and (?:…) groups are possible")
            self._at += 2
        inside = self._alternatives()
        if self._peek() != ")":
            raise BadPattern("missing )")
        self._at += 1
        return inside

    def _escape(self) -> Accepts:
        character = self._take()
        if shorthand := _SHORTHANDS.get(character):
            return shorthand
        if shorthand := _SHORTHANDS.get(character.lower()):
            positive = shorthand
            return lambda c: not positive(c)
        return self._literal(character).__eq__

    def _literal(self, character: str) -> str:
        """Return what an escape of one `character` stands for."""
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character.isalnum():
            raise BadPattern(f"\\{character} is not supported")
        return character

    def _class(self) -> Accepts:
        negated = self._peek() == "^"
        self._at += negated
        tests: list[Accepts] = []
        while self._peek() != "]" or not tests:
            tests.append(self._class_item())
        self._at += 1
        return lambda c: any(test(c) for test in tests) is not negated

    def _class_item(self) -> Accepts:
        low = self._take()
        if low == "\\":
            if self._peek().lower() in _SHORTHANDS:
                return self._escape()
            low = self._literal(self._take())
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("", "]"):
            return low.__eq__
        self._at += 1
        high = self._take()
        if high == "\\":
            high = self._literal(self._take())
        if high < low:
            raise BadPattern("a range in brackets runs backwards")
        return lambda c: low <= c <= high
