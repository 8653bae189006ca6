"""Reading `HARK["OPTIONS"]`: a backend declares its options, and the rules that each has to keep.

@dataclass(frozen=True, slots=True, kw_only=True)
class PigeonOptions:
    loft: Annotated[str, FILLED]
    wait: Annotated[int, Rule(lambda seconds: seconds >= 0, "must be a number of seconds")] = 30

options = read(PigeonOptions, {"loft": "east"})
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, get_type_hints

from hark.backends.base import Misconfigured

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be. `text` goes on from the option's name: "must be a number of hours"."""

    holds: Callable[[Any], bool]
    text: str


FILLED = Rule(bool, "must not be empty")
KINDS = {str: "must be text", bool: "must be True or False", int: "must be a whole number"}


def read(kind: type[T], given: Mapping[str, Any]) -> T:
    """Return options as the dataclass that describes them.

    Fields are of `str`, `bool` or `int`; rules, in `Annotated`, are asked in order.

    Raises:
        Misconfigured: One is missing, unknown or wrong; the text names each that is wrong.
    """
    known = fields(kind)  # type: ignore[arg-type]
    try:
        options = kind(**given)
    except TypeError as error:
        verb = "needs" if all(each.default is MISSING for each in known) else "takes"
        wanted = ", ".join(each.name for each in known)
        raise Misconfigured(f"HARK['OPTIONS'] {verb} {wanted}: {error}") from error
    if faults := list(_faults(options)):
        raise Misconfigured("; ".join(faults))
    return options


def _faults(options: Any) -> Iterator[str]:
    for name, hint in get_type_hints(type(options), include_extras=True).items():
        kind, rules = getattr(hint, "__origin__", hint), getattr(hint, "__metadata__", ())
        value = getattr(options, name)
        if type(value) is not kind and not (kind is str and isinstance(value, str)):
            own_words = rules[0].text if rules and kind is int else KINDS[kind]
            yield f"HARK['OPTIONS']['{name}'] {own_words}"
        elif broken := [rule.text for rule in rules if not rule.holds(value)]:
            yield f"HARK['OPTIONS']['{name}'] {broken[0]}"
