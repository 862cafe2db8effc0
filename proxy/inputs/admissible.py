"""Values that can be stored and sent: JSON, without NUL, lone surrogates, NaN, or integers beyond 64 bits.

Numbers of records of flows are Decimal beyond that, and are sent as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import isfinite

from models.errors import Path, Violation
from proxy.inputs.exact import write_json

_MAX_DEPTH = 254  # orjson's
_MOST = 200
TOO_LONG_INTEGER = "It is an integer of more than 64 bits; give it as text."
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def objections(value: object, path: Path) -> list[Violation]:
    """The parts of a value that cannot be sent, at most 200. One orjson call accepts most values."""
    try:
        text = write_json(value)
    except ValueError:
        return _walk(value, path) or [Violation(path=path, message="It cannot be written as JSON.")]
    may_have_nul = b"\\u0000" in text
    if may_have_nul or (b"null" in text and _has_infinity(value)):  # orjson writes NaN and infinity as null
        return _walk(value, path)
    return []


def _has_infinity(value: object) -> bool:
    """Whether a number inside is infinite or NaN. Several times faster than `_walk`."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, float):
            if not isfinite(item):
                return True
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False


def _walk(value: object, path: Path) -> list[Violation]:
    """The faults in the order of the values. Paths are made for faults only: a megabyte of nulls takes 50 ms."""
    found: list[Violation] = []
    keys: list[object] = []
    levels: list[Iterator[tuple[object, object]]] = [iter((("", value),))]
    while levels and len(found) < _MOST:
        step = next(levels[-1], None)
        if step is None:
            levels.pop()
            del keys[-1:]
            continue
        key, item = step
        if item is None:
            continue
        message = _objection(item, len(keys))
        if message:
            found.append(Violation(path=(*path, *map(str, [*keys, key][1:])), message=message))
        elif isinstance(item, dict | list):
            keys.append(key)
            levels.append(iter(item.items()) if isinstance(item, dict) else enumerate(item))
    return found


def _objection(value: object, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return "It is nested too deeply."
    match value:
        case bool() | None:
            return None
        case int():
            return None if _SMALLEST <= value <= _LARGEST else TOO_LONG_INTEGER
        case float():
            return None if isfinite(value) else "NaN and infinity are not numbers of JSON."
        case Decimal():
            return None if value.is_finite() else "A number has at most 1000 digits."
        case str():
            return _text_objection(value)
        case dict():
            return next(filter(None, map(_key_objection, value)), None)
        case list():
            return None
        case _:
            return "It is not a JSON value."


def _key_objection(key: object) -> str | None:
    return _text_objection(key) if isinstance(key, str) else "A name in an object must be text."


def _text_objection(text: str) -> str | None:
    if "\0" in text:
        return "Text must not contain the character NUL."
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "Text must not contain half of a surrogate pair."
    return None
