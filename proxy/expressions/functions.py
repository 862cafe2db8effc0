"""JMESPath's built-in functions, metered. Their results are those of the jmespath library, which a test compares.

Three differences: a text of more than 1000 characters, or one that is no finite number, is null as a number, since
converting takes time by the square of its length; JSON has no infinity; numbers that a double would change are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from proxy.expressions.budget import Meter, Misfit
from proxy.expressions.own import OWN
from proxy.expressions.own_numbers import average, is_decimal, total
from proxy.expressions.signatures import require_types
from proxy.expressions.values import same, text_of, type_of
from proxy.inputs.exact import plain, widened

#: Evaluates an expression reference on a value.
Evaluate = Callable[[Any, object], object]
_MOST_DIGITS: Final = 1000
_COMPARISONS_PER_NODE: Final = 4


def call(name: str, arguments: list[Any], evaluate: Evaluate, meter: Meter) -> object:
    """The result of a function. Raises Misfit if the arguments do not fit, and OverBudget."""
    require_types(name, arguments, meter)
    if name in _BY_REFERENCE:
        return _BY_REFERENCE[name](arguments, evaluate, meter)
    try:
        return _PURE[name](meter, *arguments)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise Misfit(f"{name} has no result on these arguments") from error


def _contains(meter: Meter, subject: list[object] | str, search: object) -> bool:
    if isinstance(subject, list):
        meter.visit(len(subject))
        return any(one is search or same(one, search, meter) for one in subject)
    if not isinstance(search, str):
        raise Misfit(f"contains looks for {type_of(search)} in a string")
    # As the naive search would do; Python's is faster, but not on every text.
    meter.read(len(search) * max(len(subject) - len(search), 0) + len(subject))
    return search in subject


def _ends_with(meter: Meter, text: str, end: str) -> bool:
    meter.read(len(end))
    return text.endswith(end)


def _starts_with(meter: Meter, text: str, start: str) -> bool:
    meter.read(len(start))
    return text.startswith(start)


def _join(meter: Meter, separator: str, texts: list[str]) -> str:
    for index, text in enumerate(texts):
        meter.write_text(text)
        if index:
            meter.write_text(separator)
    return separator.join(texts)


def _keys(meter: Meter, mapping: dict[str, object]) -> list[str]:
    meter.make(len(mapping))
    return list(mapping)


def _values(meter: Meter, mapping: dict[str, object]) -> list[object]:
    meter.make(len(mapping))
    return list(mapping.values())


def _merge(meter: Meter, *mappings: dict[str, object]) -> dict[str, object]:
    merged: dict[str, object] = {}
    for mapping in mappings:
        meter.make(len(mapping))
        merged.update(mapping)
    return merged


def _max(meter: Meter, values: list[Any]) -> object:
    _read(values, 1, meter)
    return max(values, default=None)


def _min(meter: Meter, values: list[Any]) -> object:
    _read(values, 1, meter)
    return min(values, default=None)


def _sort(meter: Meter, values: list[Any]) -> list[object]:
    meter.make(len(values))
    _spend_sort(values, meter)
    return sorted(values)


def _not_null(_: Meter, *values: object) -> object:
    return next((value for value in values if value is not None), None)


def _reverse(meter: Meter, value: list[object] | str) -> object:
    if isinstance(value, str):
        meter.write_text(value)
    else:
        meter.make(len(value))
    return value[::-1]


def _to_array(meter: Meter, value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    meter.make(1)
    return [value]


def _to_number(_: Meter, value: object) -> object:
    if type_of(value) == "number":
        return value
    if not isinstance(value, str) or len(value) > _MOST_DIGITS:
        return None
    if is_decimal(value):
        return plain(Decimal(value))
    for kind in (int, float):
        try:
            number: float = kind(value)
        except ValueError:
            continue
        return widened(number) if math.isfinite(number) else None
    return None


def _map(arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> object:
    reference, values = arguments
    meter.make(len(values))
    return [evaluate(reference, value) for value in values]


def _sort_by(arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> object:
    values, keys = _keyed(arguments, evaluate, meter)
    if len({type_of(key) for key in keys}) > 1:
        raise Misfit("a number and a string have no order")
    _spend_sort(keys, meter)
    return [values[index] for index in sorted(range(len(keys)), key=keys.__getitem__)]


def _max_by(arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> object:
    return _extreme(max, arguments, evaluate, meter)


def _min_by(arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> object:
    return _extreme(min, arguments, evaluate, meter)


def _extreme(choose: Callable[..., int], arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> object:
    values, keys = _keyed(arguments, evaluate, meter)
    if not values:
        return None
    _read(keys, 1, meter)
    try:
        return values[choose(range(len(keys)), key=keys.__getitem__)]
    except TypeError as error:
        raise Misfit("a number and a string have no order") from error


def _keyed(arguments: Sequence[Any], evaluate: Evaluate, meter: Meter) -> tuple[list[Any], list[Any]]:
    """The values and their keys. Raises Misfit for a key that is neither a number nor text."""
    values, reference = arguments
    meter.make(len(values))
    keys = [evaluate(reference, value) for value in values]
    if odd := next((kind for kind in map(type_of, keys) if kind not in ("number", "string")), None):
        raise Misfit(f"a key to compare by is {odd}, not number or string")
    return values, keys


def _spend_sort(keys: Sequence[object], meter: Meter) -> None:
    """A sort compares each key about log2(n) times, and reads a text at each comparison."""
    rounds = len(keys).bit_length()
    meter.visit(len(keys) * rounds // _COMPARISONS_PER_NODE)
    _read(keys, rounds, meter)


def _read(keys: Sequence[object], times: int, meter: Meter) -> None:
    meter.read(times * sum(len(key) for key in keys if isinstance(key, str)))


_PURE: Final[dict[str, Callable[..., object]]] = OWN | {
    "abs": lambda _, number: number.copy_abs() if isinstance(number, Decimal) else abs(number),
    "avg": lambda _, numbers: average(numbers) if numbers else None,
    "ceil": lambda _, number: widened(math.ceil(number)),
    "contains": _contains,
    "ends_with": _ends_with,
    "floor": lambda _, number: widened(math.floor(number)),
    "join": _join,
    "keys": _keys,
    "length": lambda _, value: len(value),
    "max": _max,
    "merge": _merge,
    "min": _min,
    "not_null": _not_null,
    "reverse": _reverse,
    "sort": _sort,
    "starts_with": _starts_with,
    "sum": lambda _, numbers: total(numbers),
    "to_array": _to_array,
    "to_number": _to_number,
    "to_string": lambda meter, value: text_of(value, meter),
    "type": lambda _, value: type_of(value),
    "values": _values,
}
_BY_REFERENCE: Final[dict[str, Callable[[Sequence[Any], Evaluate, Meter], object]]] = {
    "map": _map,
    "max_by": _max_by,
    "min_by": _min_by,
    "sort_by": _sort_by,
}
