"""Values that can be stored and sent: JSON, without NUL, lone surrogates, NaN, or integers beyond 64 bits."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import orjson

from models.errors import Path, Violation

_MAX_DEPTH = 254  # orjson's
_MOST = 20
TOO_LONG_INTEGER = "It is an integer of more than 64 bits; give it as text."
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def objections(value: object, path: Path) -> list[Violation]:
    """The parts of a value that cannot be sent, at most 20. One orjson call accepts most values."""
    try:
        text = orjson.dumps(value)
    except TypeError:
        return _walk(value, path) or [Violation(path=path, message="It cannot be written as JSON.")]
    if b"null" not in text and b"\\u0000" not in text:
        return []
    return _walk(value, path)


def _walk(value: object, path: Path) -> list[Violation]:
    found: list[Violation] = []
    pending = [(value, path)]
    while pending and len(found) < _MOST:
        item, where = pending.pop()
        message = _objection(item, len(where) - len(path))
        if message:
            found.append(Violation(path=where, message=message))
        else:
            pending += reversed([(child, (*where, key)) for key, child in _children(item)])
    return found


def _children(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((str(key), child) for key, child in value.items())
    elif isinstance(value, list):
        yield from ((str(index), child) for index, child in enumerate(value))


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
