"""JSON values as JMESPath sees them: types, truth, equality, text and size; every hidden walk is metered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Final

from proxy.expressions.budget import Budget, Meter
from proxy.inputs.exact import write_json

#: Numbers that neither a double nor 64 bits can hold are Decimal.
_TYPES: Final = {
    Decimal: "number",
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "number",
    list: "array",
    str: "string",
    type(None): "null",
}
_PIECE: Final = 64 * 1024
#: Nodes for a value that is measured and written, besides one for the visit.
_WRITING: Final = 2


def type_of(value: object) -> str:
    """JMESPath's name of the value's type; `expref` for an expression reference."""
    return _TYPES.get(type(value), "expref")


def is_truthy(value: object) -> bool:
    """Whether a value is true by JMESPath's rule: not false, null, or an empty text, list or object; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


def equal(left: object, right: object, meter: Meter) -> bool:
    """JMESPath's `==`, as the library has it: a number never equals a boolean, except inside lists and objects."""
    if _is_number_and_boolean(left, right) or _is_number_and_boolean(right, left):
        return False
    return same(left, right, meter)


def same(left: object, right: object, meter: Meter) -> bool:
    """Python's equality. A comparison of lists or objects costs a node for each value inside the left one."""
    if isinstance(left, str) and isinstance(right, str):
        meter.read(min(len(left), len(right)))
    elif isinstance(left, list | dict) and type(left) is type(right) and left is not right:
        for value in _values_in(left, meter):
            if isinstance(value, str):
                meter.read(len(value))
    return left == right


def text_of(value: object, meter: Meter) -> str:
    """The value as compact JSON in ASCII; a text stays as it is. Measured before it is written."""
    if isinstance(value, str):
        return value
    measure(value, meter)
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError:  # a Decimal
        return write_json(value).decode()


def measure(value: object, meter: Meter) -> None:
    """Spend the bytes of a value as JSON, before it is written."""
    for part in _values_in(value, meter):
        meter.visit(_WRITING)
        _write(part, meter)


def require_size(value: object, budget: Budget) -> None:
    """Raise OverBudget if a result has too many elements or bytes. Parts that appear twice count twice."""
    meter = Meter(budget)
    pending = [value]
    while pending:
        part = pending.pop()
        meter.write(2)  # quotation marks, or a digit and a comma
        if isinstance(part, str):
            meter.write_text(part)
        elif isinstance(part, list):
            meter.make(len(part))
            pending.extend(part)
        elif isinstance(part, dict):
            meter.make(len(part))
            pending.extend(part)
            pending.extend(part.values())
        elif isinstance(part, Decimal):
            meter.write(len(str(part)))


def _values_in(root: object, meter: Meter) -> Iterator[object]:
    """The value, and every value and key inside it; each costs a node."""
    meter.visit()
    pending = [root]
    while pending:
        value = pending.pop()
        yield value
        if isinstance(value, dict):
            meter.visit(2 * len(value))
            pending.extend(value)
            pending.extend(value.values())
        elif isinstance(value, list):
            meter.visit(len(value))
            pending.extend(value)


def _write(value: object, meter: Meter) -> None:
    """Spend the bytes of one value in JSON without the values inside it."""
    if isinstance(value, str):
        meter.write(2)
        for start in range(0, len(value), _PIECE):
            meter.write(len(encode_basestring_ascii(value[start : start + _PIECE])) - 2)
    elif isinstance(value, list | dict):
        marks = 2 * len(value) if isinstance(value, dict) else len(value)
        meter.write(2 + marks)
    else:
        meter.write(5 if value is None or isinstance(value, bool) else len(repr(value)))


def _is_number_and_boolean(left: object, right: object) -> bool:
    return isinstance(right, bool) and isinstance(left, int | float) and not isinstance(left, bool)
