"""Identity: what `withdraw` and `amend` find a notification by. Equal facts have the same.

Equality is Python's: `Decimal("5")`, `Decimal("5.00")`, `5` and `5.0` are one number, and a moment
is the same in every time zone. A model instance is its row, by whichever proxy or multi-table child
it was read. Text is compared character by character: "é" in its two Unicode spellings is two.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hark.references import label, model_named, read_key, root

_NAMESPACE = uuid.UUID("6f1d3c1e-7d0d-4f6c-9d2b-2f0f7b1f5a11")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

Readers = Mapping[str, Callable[[Any], Any]]


def identity(type_name: str, params: Mapping[str, Any], readers: Readers) -> uuid.UUID:
    """Return a number that is the same for equal facts.

    Args:
        params: Facts as they are stored.
        readers: For each tag of a scalar, the function that reads what stands under it.
    """
    form = json.dumps(_form(params, readers), sort_keys=True)
    return uuid.uuid5(_NAMESPACE, f"{type_name} {form}")


def _form(params: Any, readers: Readers) -> Any:
    """Return stored facts with everything in the one spelling that stands for all equal ones."""
    match params:
        case list():
            return [_form(each, readers) for each in params]
        case {"$model": str(name), "pk": str(pk)}:
            return _instance(name, pk)
        case dict():
            for tag, read in readers.items():
                if tag in params:
                    return _scalar(read(params[tag]))
            return {key: _form(each, readers) for key, each in params.items()}
    return _scalar(params)


def _instance(name: str, pk: str) -> dict[str, Any]:
    model = model_named(name)
    if model is None:
        return {"$model": name, "pk": pk}
    key = read_key(model, pk)
    form = [_scalar(each) for each in key] if isinstance(key, tuple) else _scalar(key)
    return {"$model": label(root(model)), "pk": form}


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):  # True is 1
        return {"$number": _number(Decimal(value))}
    return {f"${type(value).__name__}": _text(value)}


def _text(value: Any) -> Any:
    match value:
        case datetime() if value.utcoffset() is not None:
            return (value - _EPOCH) // _TICK
        case time() if (offset := value.utcoffset()) is not None:
            midnight = datetime.combine(date.min, time.min)
            return (
                datetime.combine(date.min, value.replace(tzinfo=None)) - midnight - offset
            ) // _TICK
        case datetime() | date() | time():  # a naive one equals no aware one
            return value.isoformat()
    return str(value)


def _number(value: Decimal) -> str:
    """Write a finite number exactly, without zeros at its end; as short as it was, if huge."""
    sign, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    significant = written.rstrip("0")
    if not significant:
        return "0"
    power = int(exponent) + len(written) - len(significant)
    return f"{'-' if sign else ''}{significant}e{power}"
