"""Numbers of JSON that neither a double nor 64 bits can hold: read as Decimal, written with the same digits.

All others are int and float, as orjson has them: a double is written in its shortest form, `1.0` stays beside `1`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

import orjson

from proxy.inputs.numbers import first_changed, is_kept

#: Digits of one number, before and behind its point.
_MOST_DIGITS: Final = 1_000
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def read_json(raw: bytes) -> object:
    """The value of a valid JSON text, with every number as it was written; NUL and half surrogate pairs may be in it.

    A number of more than 1,000 digits is a NaN of Decimal, which `write_json` refuses. 10 MB take half a second.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:  # 1e400, or half of a surrogate pair, which are JSON
        return _exactly(raw)
    return value if first_changed(raw) is None else _exactly(raw)


def write_json(value: object, *, sort: bool = False) -> bytes:
    """The value as compact JSON in UTF-8, numbers as `read_json` has read them; `sort` by the names of members.

    Raises ValueError with a sentence for a text that is no Unicode, a number that JSON does not have, or a value that
    is nested more than 250 levels deep. NaN and infinity of float become null, as orjson has it.
    """
    try:
        return orjson.dumps(value, default=_fragment, option=orjson.OPT_SORT_KEYS if sort else 0)
    except orjson.JSONEncodeError as refused:
        raise ValueError(_sentence(str(refused))) from refused


def exact(number: float | Decimal) -> Decimal:
    """The number as people read it: 0.1 is a tenth."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def plain(number: float | Decimal) -> int | float | Decimal:
    """The number as `read_json` would have read it. Raises ArithmeticError if it is too long or no number."""
    number = exact(number)
    if not _has_few_digits(number):
        raise ArithmeticError
    text = format(number, "f")
    if not is_kept(text):
        return number
    return float(text) if "." in text else int(text)


def widened(number: float | Decimal) -> int | float | Decimal:
    """The number, an integer of more than 64 bits as Decimal."""
    return Decimal(number) if isinstance(number, int) and not _SMALLEST <= number <= _LARGEST else number


def _exactly(raw: bytes) -> object:
    return json.loads(raw, parse_int=_number, parse_float=_number)


def _number(text: str) -> int | float | Decimal:
    if not is_kept(text):
        number = Decimal(text) if len(text) <= _MOST_DIGITS else Decimal("NaN")
        return number if _has_few_digits(number) else Decimal("NaN")
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _has_few_digits(number: Decimal) -> bool:
    if not number.is_finite():
        return False
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= _MOST_DIGITS and len(digits) <= _MOST_DIGITS


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value).encode())
    raise TypeError


def _sentence(said: str) -> str:
    if "surrogate" in said or "UTF-8" in said:
        return "a text has half of a surrogate pair, which is no Unicode"
    if "ecursion" in said:
        return "it is nested more than 250 levels deep"
    if "64-bit" in said:
        return "an integer has more than 64 bits"
    return "a number has more than 1000 digits"
