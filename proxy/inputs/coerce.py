"""Conversion of text values (query strings, forms) to the types that a schema declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import orjson

from models.vocabulary import InputType
from proxy.inputs.exact import write_json
from proxy.inputs.members import Members
from proxy.inputs.numbers import CHANGED, first_changed, integer_of, number_of
from proxy.inputs.simple import Schema, item_type_of, type_of

Text = str | list[str]
Coerce = Callable[[Text], object]


def coercion_of(schema: Schema, declared: Schema) -> Coerce:
    """The function that converts text to a value of this property. It raises ValueError with a sentence."""
    kind = type_of(schema, declared)
    if kind is InputType.ARRAY:
        return partial(_array, _SCALARS[item_type_of(schema, declared)])
    options = declared.get("enum")
    if kind is InputType.ANY and isinstance(options, list):
        return partial(_single, partial(_option, {to_text(option): option for option in reversed(options)}))
    return partial(_single, _SCALARS[kind])


def to_text(value: object) -> str:
    """A value as text for a path, a query or a header: text unchanged, other values as JSON."""
    return value if isinstance(value, str) else write_json(value).decode()


def _single(scalar: Callable[[str], object], text: Text) -> object:
    if isinstance(text, str):
        return scalar(text)
    if len(text) != 1:
        raise ValueError("It was given more than once.")
    return scalar(text[0])


def _array(scalar: Callable[[str], object], text: Text) -> object:
    if isinstance(text, str):
        text = [text]
    if len(text) == 1 and not isinstance(text, Members) and text[0].lstrip().startswith("["):
        return _json(text[0])
    return [scalar(member) for member in text]


def _option(options: Mapping[str, object], text: str) -> object:
    return options.get(text, text)


def _integer(text: str) -> object:
    value = integer_of(text)
    if value is None:
        raise ValueError("It is not an integer.")
    return value


def _number(text: str) -> object:
    value = number_of(text)
    if value is None:
        raise ValueError("It is not a number.")
    return value


def _boolean(text: str) -> object:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError("It is neither true nor false.")
    return lowered == "true"


def _json(text: str) -> object:
    try:
        value: object = orjson.loads(text)
    except ValueError as error:
        raise ValueError("It is not JSON.") from error
    if first_changed(text.encode()):
        raise ValueError(CHANGED)
    return value


def _as_is(text: str) -> object:
    return text


_SCALARS: Mapping[InputType, Callable[[str], object]] = {
    InputType.STRING: _as_is,
    InputType.NUMBER: _number,
    InputType.INTEGER: _integer,
    InputType.BOOLEAN: _boolean,
    InputType.ARRAY: _json,
    InputType.OBJECT: _json,
    InputType.FILE: _json,
    InputType.ANY: _as_is,
}
