"""Validity of JSON by the grammar of RFC 8259, without its value: no number is rounded, no object is kept.

The faults of a text have a place. Texts are nested at most 200 levels deep: many clients read few more, and the hub's
own answer wraps them in some.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from itertools import accumulate
from typing import Final

import orjson

MOST_LEVELS: Final = 200
#: Bytes that are read in the event loop's turn.
SMALL: Final = 32 * 1024
#: Characters in which the place of a fault is looked for, at a million in a second.
_SEARCHED: Final = 1_000_000

_STRING: Final = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+'
_SCALAR: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null"
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_TOKEN: Final = re.compile(rf'({_STRING}")|({_SCALAR})|([\[\]{{}},:])')
_OPEN_STRING: Final = re.compile(_STRING)
_NO_NUMBER: Final = re.compile("NaN|-?Infinity")
#: Signs that may come next: `"` for any text, 0 for any number, true, false and null.
_VALUE, _COLON, _END = '"0[{', ":", ""
_FIRST: Final = {"[": '"0[{]', "{": '"}'}
_AFTER_COMMA: Final = {"[": _VALUE, "{": '"'}
_AFTER_VALUE: Final = {"[": ",]", "{": ",}"}
_NAMES: Final = frozenset({'"', '"}'})
_EXPECTED: Final = {
    _VALUE: "a value",
    _COLON: "a colon",
    _END: "the end",
    '"0[{]': "a value or ]",
    '"}': "a name in quotes or }",
    '"': "a name in quotes",
    ",]": "a comma or ]",
    ",}": "a comma or }",
}
_SLICE: Final = 64 * 1024
#: Deletes all but brackets and quotes; an opening bracket becomes 1, a closing one -1 as a signed byte.
_LEVELS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS: Final = bytes(set(range(256)) - set(b'[{]}"'))


def json_fault(text: str, raw: bytes) -> str | None:
    """The first fault of a text as a sentence with its place; None if it is JSON. `raw` is the text in UTF-8.

    For more than `SMALL` bytes it is called in a thread: only short steps hold the interpreter's lock.
    """
    if not _accepted(text, raw):
        return _first_fault(text)
    if raw.count(b"[") + raw.count(b"{") > MOST_LEVELS and _levels(raw) > MOST_LEVELS:
        return _first_fault(text)
    return None


def _accepted(text: str, raw: bytes) -> bool:
    """Whether a fast reader takes the text. Each refuses some JSON too, such as 1e400 or half of a surrogate pair.

    orjson makes values, and holds the interpreter's lock for half a second for 10 MB; SQLite makes none and holds no
    lock, but reads a text only up to the character NUL.
    """
    if len(raw) > SMALL:
        if b"\0" in raw:
            return False
        with closing(sqlite3.connect(":memory:")) as reader:
            (valid,) = reader.execute("SELECT json_valid(?)", (text,)).fetchone()
            return bool(valid)
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return True


def _levels(raw: bytes) -> int:
    """The levels of nesting of a valid text: brackets in its strings do not count."""
    quoted = raw.replace(rb"\\", b"").replace(rb"\"", b"").translate(_LEVELS, _OTHERS)
    outside = b"".join(quoted.replace(b'""', b"").split(b'"')[::2])
    level = most = 0
    for start in range(0, len(outside), _SLICE):
        steps = memoryview(outside)[start : start + _SLICE].cast("b")
        reached = list(accumulate(steps, initial=level))
        level, most = reached[-1], max(most, *reached)
    return most


def _first_fault(text: str) -> str | None:
    around: list[str] = []
    expected, place = _VALUE, _space(text, 0)
    while place < _SEARCHED and (token := _TOKEN.match(text, place)):
        sign = token[3] or ('"' if token[1] else "0")
        if sign not in expected:
            break
        if sign in "[{":
            around.append(sign)
            if len(around) > MOST_LEVELS:
                return _at(text, place, f"it is nested more than {MOST_LEVELS} levels deep")
            expected = _FIRST[sign]
        elif sign == ",":
            expected = _AFTER_COMMA[around[-1]]
        elif sign == ":":
            expected = _VALUE
        elif sign == '"' and expected in _NAMES:
            expected = _COLON
        else:
            if sign in "]}":
                around.pop()
            expected = _AFTER_VALUE[around[-1]] if around else _END
        place = _space(text, token.end())
    if place >= _SEARCHED:
        return f"This is no JSON: it has a fault after its first {_SEARCHED} characters."
    return None if expected == _END and place == len(text) else _described(text, place, expected)


def _space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _described(text: str, place: int, expected: str) -> str:
    if found := _NO_NUMBER.match(text, place):
        return _at(text, place, f"{found[0]} is no number of JSON")
    if '"' in expected and (begun := _OPEN_STRING.match(text, place)) and text[begun.end() : begun.end() + 1] != '"':
        fault = "a text does not end" if begun.end() == len(text) else "this character or its escape is not allowed"
        return _at(text, begun.end(), fault)
    return _at(text, place, f"expected {_EXPECTED[expected]}")


def _at(text: str, place: int, fault: str) -> str:
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    return f"This is no JSON at line {line}, column {column} (position {place}): {fault}."
