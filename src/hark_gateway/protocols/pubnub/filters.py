"""Filter expressions: which messages a subscriber wishes to be sent.

    meta.priority == "high" && data.score > 80
    uuid != 'ana'                                  an older form: a field of meta

An expression is read once, with bounded length and depth, and evaluates in time bounded by its own
length and the message's. It never fails on a message: a field that is missing equals nothing, is
unequal to everything, and makes every other comparison false.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

MAX_CHARACTERS = 2048
MAX_DEPTH = 24
MAX_TOKENS = 256


class BadFilter(ValueError):
    """An expression cannot be read, or is longer than the limits allow."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What an expression may look at: the payload and its metadata, as parsed from JSON."""

    data: Any
    meta: Any


class _Missing:
    """The value of a field that is not there."""

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()
Node = Callable[[Sources], Any]


class Filter:
    """A filter expression.

    Raises:
        BadFilter: See there.
    """

    __slots__ = ("_evaluate",)

    def __init__(self, text: str) -> None:
        self._evaluate = _Parser(_tokens(text)).parse()

    def accepts(self, sources: Sources) -> bool:
        """Return whether the message is wished for."""
        return _truth(self._evaluate(sources))


@lru_cache(maxsize=1024)
def compiled(text: str) -> Filter:
    """Return the filter for `text`; the same one for everybody who asks with it."""
    return Filter(text)


class Token(NamedTuple):
    """A word of the language: its kind and its text, or its value."""

    kind: str
    value: Any


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>==|!=|<=|>=|&&|\|\||[<>!()\[\].,+\-*/%])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORDS = {"and": "&&", "or": "||", "not": "!", "like": "like", "contains": "contains"}


def _tokens(text: str) -> list[Token]:
    if len(text) > MAX_CHARACTERS:
        raise BadFilter(f"a filter has at most {MAX_CHARACTERS} characters")
    tokens: list[Token] = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) >= MAX_TOKENS:
            raise BadFilter(f"cannot be read from character {at}")
        at = found.end()
        tokens.append(_token(str(found.lastgroup), found[str(found.lastgroup)]))
    return [*tokens, Token("end", "")]


def _token(kind: str, text: str) -> Token:
    match kind:
        case "number":
            return Token("value", float(text))
        case "string":
            return Token("value", _ESCAPE.sub(r"\1", text[1:-1]))
        case "name":
            word = _WORDS.get(text.lower())
            return Token("operator", word) if word else Token("name", text)
        case _:
            return Token("operator", text)


class _Parser:
    """Precedence climbing: `||`, `&&`, comparisons, `+ -`, `* / %`, then `!` and `-`."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        whole = self._binary(0)
        if self._tokens[self._at].kind != "end":
            raise BadFilter(f"unexpected {self._tokens[self._at].value!r}")
        return whole

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self, expected: str | None = None) -> Token:
        token = self._tokens[self._at]
        if token.kind == "end" or (expected is not None and token.value != expected):
            raise BadFilter(f"expected {expected or 'a value'}, found {token.value or 'the end'!r}")
        self._at += 1
        return token

    def _binary(self, level: int) -> Node:
        self._descend()
        left = self._unary() if level == len(_LEVELS) else self._binary(level + 1)
        operators = _LEVELS[level] if level < len(_LEVELS) else {}
        while self._peek().kind == "operator" and self._peek().value in operators:
            combine = operators[self._take().value]
            right = self._binary(level + 1)
            left = combine(left, right)
        self._depth -= 1
        return left

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH * (len(_LEVELS) + 2):
            raise BadFilter(f"an expression nests at most {MAX_DEPTH} deep")

    def _unary(self) -> Node:
        token = self._peek()
        if token.kind == "operator" and token.value in ("!", "-"):
            self._take()
            self._descend()
            inside = self._unary()
            self._depth -= 1
            if token.value == "!":
                return lambda sources: not _truth(inside(sources))
            return lambda sources: _negated(inside(sources))
        return self._primary()

    def _primary(self) -> Node:
        token = self._take()
        match token:
            case Token("value", value):
                return lambda _: value
            case Token("operator", "("):
                return self._parenthesis()
            case Token("name", ("true" | "false") as word):
                return lambda _: word == "true"
            case Token("name", first):
                return self._field(first)
            case _:
                raise BadFilter(f"unexpected {token.value!r}")

    def _parenthesis(self) -> Node:
        """Read a value, or several: `("a", "b") contains meta.region` asks for membership."""
        values = [self._binary(0)]
        while self._peek().value == "," and self._peek().kind == "operator":
            self._take()
            values.append(self._binary(0))
        self._take(")")
        if len(values) == 1:
            return values[0]
        return lambda sources: [value(sources) for value in values]

    def _field(self, first: str) -> Node:
        path: list[str | int] = []
        while self._peek().kind == "operator" and self._peek().value in (".", "["):
            path.append(self._step())
        if first in ("data", "meta") and path:
            return lambda sources: _walk(getattr(sources, first), path)
        return lambda sources: _walk(sources.meta, [first, *path])

    def _step(self) -> str | int:
        if self._take().value == ".":
            token = self._take()
            if token.kind == "name" or token.value in _WORDS.values():
                return str(token.value)
            raise BadFilter(f"unexpected {token.value!r}")
        token = self._take()
        if token.kind != "value" or not _is_step(token.value):
            raise BadFilter("brackets hold a string or a whole number")
        self._take("]")
        return token.value if isinstance(token.value, str) else int(token.value)


def _is_step(value: str | float) -> bool:
    return isinstance(value, str) or value.is_integer()  # infinity is none


def _walk(value: Any, path: list[str | int]) -> Any:
    for step in path:
        fits = isinstance(value, dict if isinstance(step, str) else list)
        try:
            value = value[step] if fits else MISSING
        except LookupError:
            return MISSING
    return value


def _truth(value: Any) -> bool:
    return value is True or (_is_number(value) and value != 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _negated(value: Any) -> Any:
    return -value if _is_number(value) else MISSING


def _equal(left: Any, right: Any) -> bool:
    """Compare scalars; numbers with numbers, and nothing with a list or an object."""
    comparable = type(left) is type(right) or (_is_number(left) and _is_number(right))
    return comparable and not isinstance(left, list | dict | _Missing) and bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: _is_number(left) and _is_number(right) and compare(left, right)


def _like(value: Any, pattern: Any) -> bool:
    """Return whether `pattern` matches all of `value`: without case, `*` for any characters."""
    if isinstance(value, list):
        return any(_like(each, pattern) for each in value if isinstance(each, str))
    if not (isinstance(value, str) and isinstance(pattern, str)):
        return False
    first, *middle = pattern.casefold().split("*")
    text = value.casefold()
    if not middle:
        return text == first
    *middle, last = middle
    if not text.startswith(first) or not text[len(first) :].endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:  # the leftmost place is always good enough
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, list):
        return any(_equal(each, item) for each in container)
    return isinstance(container, str) and isinstance(item, str) and item in container


def _arithmetic(compute: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def guarded(left: Any, right: Any) -> Any:
        if not (_is_number(left) and _is_number(right)):
            return MISSING
        try:
            return compute(float(left), float(right))
        except (ZeroDivisionError, OverflowError, ValueError):
            return MISSING

    return guarded


def _strict(apply: Callable[[Any, Any], Any]) -> Callable[[Node, Node], Node]:
    """Make a node that evaluates both sides."""
    return lambda left, right: lambda sources: apply(left(sources), right(sources))


def _both(left: Node, right: Node) -> Node:
    return lambda sources: _truth(left(sources)) and _truth(right(sources))


def _either(left: Node, right: Node) -> Node:
    return lambda sources: _truth(left(sources)) or _truth(right(sources))


_LEVELS: tuple[Mapping[str, Callable[[Node, Node], Node]], ...] = (
    {"||": _either},
    {"&&": _both},
    {
        "==": _strict(_equal),
        "!=": _strict(lambda left, right: not _equal(left, right)),
        "<": _strict(_ordered(lambda left, right: left < right)),
        "<=": _strict(_ordered(lambda left, right: left <= right)),
        ">": _strict(_ordered(lambda left, right: left > right)),
        ">=": _strict(_ordered(lambda left, right: left >= right)),
        "like": _strict(_like),
        "contains": _strict(_contains),
    },
    {
        "+": _strict(_arithmetic(lambda left, right: left + right)),
        "-": _strict(_arithmetic(lambda left, right: left - right)),
    },
    {
        "*": _strict(_arithmetic(lambda left, right: left * right)),
        "/": _strict(_arithmetic(lambda left, right: left / right)),
        "%": _strict(_arithmetic(math.fmod)),
    },
)
