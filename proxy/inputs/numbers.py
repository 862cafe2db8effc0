"""Numbers as they are written in JSON, and whether the hub keeps them: integers in 64 bits, others as doubles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from models.errors import Path
from proxy.inputs.json_slices import SLICE, without_texts

CHANGED: Final = "It is a number that a double changes, or an integer of more than 64 bits; give it as text."

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
#: The longest exact value of a double has 767 significant digits, and 1,074 places.
_LONGEST: Final = 1_100
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
#: A JSON text with `0` for digits and full stops, `e` for exponents and `+` for signs; all other bytes are blanks.
_KINDS: Final = {**dict.fromkeys("0123456789.", "0"), **dict.fromkeys("eE", "e"), **dict.fromkeys("+-", "+")}
_SIGNS: Final = "".join(_KINDS.get(chr(code), " ") for code in range(256)).encode()
#: 16 signs that may be digits of one number, or an exponent of three digits: other numbers are kept.
_SUSPECTS: Final = (b"0" * 16, b"0e000", b"0e+000")


@dataclass(frozen=True, slots=True)
class Changed:
    """A number that the hub would change, and its place in the value."""

    text: str
    path: Path


def is_kept(text: str) -> bool:
    """Whether a JSON number means the same after the hub has read and written it.

    A decimal does if it is the double's own value, or one of its usual forms: the shortest, or 17 digits, as programs
    print doubles.
    """
    if len(text) > _LONGEST:
        return False
    if "." not in text and "e" not in text and "E" not in text:
        return _SMALLEST <= int(text) <= _LARGEST
    double = float(text)
    if not isfinite(double):
        return False
    shortest = repr(double)
    return text == shortest or Decimal(text) in (Decimal(shortest), Decimal(f"{double:.17g}"), Decimal(double))


def integer_of(text: str) -> int | None:
    """The integer that a text means, such as `7`, `7.0` and `1e3`; None if it is none, or has more than 40 digits."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    whole = int(value)
    return whole if value == whole else None


def number_of(text: str) -> int | float | None:
    """The number that a text means; None if it is none. Raises ValueError with a sentence for a changed one."""
    if not _NUMBER.fullmatch(text):
        return None
    if not is_kept(text):
        raise ValueError(CHANGED)
    return float(text) if "." in text or "e" in text or "E" in text else int(text)


def first_changed(raw: bytes, bare: bytes | None = None) -> Changed | None:
    """The first number of a JSON text that the hub would change; None if it keeps all of them.

    `raw` is valid JSON. Most texts have no run of digits that is long enough, which costs a microsecond per kilobyte.
    A long text is looked at without its strings, in short steps: scripts and pictures would hold up other threads.
    `bare`: the text without its strings, if they were left out already.
    """
    if len(raw) > SLICE and not _has_suspects(without_texts(raw) if bare is None else bare):
        return None
    signs = raw.translate(_SIGNS)
    found = (text for suspect in _SUSPECTS if suspect in signs for text in _written(raw, signs, suspect))
    changed = next((text for text in found if not is_kept(text)), None)
    return None if changed is None else _place_of(raw, changed)


def _has_suspects(bare: bytes) -> bool:
    overlap = len(_SUSPECTS[0])
    return any(_is_suspect(bare[start : start + SLICE + overlap]) for start in range(0, len(bare), SLICE))


def _is_suspect(piece: bytes) -> bool:
    signs = piece.translate(_SIGNS)
    return any(suspect in signs for suspect in _SUSPECTS)


def _written(raw: bytes, signs: bytes, suspect: bytes) -> Iterator[str]:
    """The numbers with this run of signs, as they are written; runs inside strings are none."""
    quotes = raw.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in raw else raw
    at = 0
    while (run := signs.find(suspect, at)) >= 0:
        if quotes.count(b'"', at, run) % 2:
            at = quotes.index(b'"', run) + 1
            continue
        start = max(signs.rfind(b" ", at, run) + 1, at)
        end = signs.find(b" ", run)
        at = len(signs) if end < 0 else end
        yield raw[start:at].decode()


def _place_of(raw: bytes, text: str) -> Changed:
    """The place of a number: the text is read once more, with numbers as they are written."""
    value = json.loads(raw, parse_int=_Written, parse_float=_Written)
    return Changed(text, next(_places(value, text), ()))


class _Written(str):
    """A number as it is written."""

    __slots__ = ()


def _places(value: object, text: str) -> Iterator[Path]:
    pending: list[tuple[object, Path]] = [(value, ())]
    while pending:
        one, path = pending.pop()
        if isinstance(one, _Written):
            if one == text:
                yield path
        elif isinstance(one, dict):
            pending += [(member, (*path, key)) for key, member in reversed(one.items())]
        elif isinstance(one, list):
            pending += [(member, (*path, str(index))) for index, member in reversed(list(enumerate(one)))]
