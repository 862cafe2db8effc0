"""Conversion of text values (query strings, forms) to the types that a schema declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import orjson

from models.vocabulary import InputType
from proxy.inputs.simple import Schema, type_of

Text = str | list[str]
Coerce = Callable[[Text], object]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")


def coercion_of(schema: Schema, declared: Schema) -> Coerce:
    """The function that converts text to a value of this property. It raises ValueError with a sentence."""
    kind = type_of(schema, declared)
    if kind is InputType.ARRAY:
        items = declared.get("items")
        item = type_of(schema, items) if isinstance(items, Mapping) else InputType.ANY
        return partial(_array, _SCALARS[item])
    options = declared.get("enum")
    if kind is InputType.ANY and isinstance(options, list):
        return partial(_single, partial(_option, {to_text(option): option for option in reversed(options)}))
    return partial(_single, _SCALARS[kind])


def to_text(value: object) -> str:
    """A value as text for a path, a query or a header: text unchanged, other values as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _single(scalar: Callable[[str], object], text: Text) -> object:
    if isinstance(text, str):
        return scalar(text)
    if len(text) != 1:
        raise ValueError("It was given more than once.")
    return scalar(text[0])


def _array(scalar: Callable[[str], object], text: Text) -> object:
    if isinstance(text, str):
        text = [text]
    if len(text) == 1 and text[0].lstrip().startswith("["):
        return _json(text[0])
    return [scalar(member) for member in text]


def _option(options: Mapping[str, object], text: str) -> object:
    return options.get(text, text)


def _integer(text: str) -> object:
    if not _INTEGER.fullmatch(text):
        raise ValueError("It is not an integer.")
    return int(text)


def _number(text: str) -> object:
    if not _NUMBER.fullmatch(text):
        raise ValueError("It is not a number.")
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def _boolean(text: str) -> object:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError("It is neither true nor false.")
    return lowered == "true"


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise ValueError("It is not JSON.") from error


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
