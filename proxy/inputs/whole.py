"""Whole numbers: `7.0` of a declared integer is 7, wherever it stands. Many services refuse the other form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from models.vocabulary import InputType
from proxy.inputs.simple import Schema, followed, properties_of, type_of

Whole = Callable[[object], object]
_LEVELS: Final = 6
#: Schemas that are looked at for one input; references could make them endless.
_MOST: Final = 500
_MOST_CHOICES: Final = 10


def whole_of(schema: Schema, declared: Schema) -> Whole | None:
    """The function that makes the integers of a value whole; None if none is declared, six levels deep at most."""
    return _made(schema, declared, _LEVELS, iter(range(_MOST)))


def whole(value: object) -> object:
    """An integer of 64 bits that a float holds, or of any size in a Decimal; anything else as it is."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return Decimal(int(value))
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def _made(schema: Schema, declared: Schema, levels: int, budget: Iterator[int]) -> Whole | None:
    if not levels or next(budget, None) is None:
        return None
    declared = followed(schema, declared)
    if _is_integer(schema, declared):
        return whole
    items = declared.get("items")
    if isinstance(items, Mapping):
        inner = _made(schema, items, levels - 1, budget)
        return None if inner is None else partial(_each, inner)
    found = ((name, _made(schema, one, levels - 1, budget)) for name, one in properties_of(declared).items())
    members = {name: inner for name, inner in found if inner is not None}
    return partial(_members, members) if members else None


def _is_integer(schema: Schema, declared: Schema) -> bool:
    """Whether a number can only be an integer here, among other types."""
    kinds = declared.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    names = {kind for kind in listed if isinstance(kind, str)}
    for word in ("anyOf", "oneOf"):
        choices = declared.get(word)
        for choice in choices[:_MOST_CHOICES] if isinstance(choices, list) else ():
            if isinstance(choice, Mapping):
                names.add(type_of(schema, choice).lower())
    return InputType.INTEGER.lower() in names and InputType.NUMBER.lower() not in names


def _each(inner: Whole, value: object) -> object:
    return [inner(one) for one in value] if isinstance(value, list) else value


def _members(inner: Mapping[str, Whole], value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: inner[name](one) if name in inner else one for name, one in value.items()}
