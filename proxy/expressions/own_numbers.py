"""Arithmetic of the hub's own functions: exact decimals, so that money is never a double."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, Inexact
from functools import reduce
from typing import Final

from proxy.expressions.budget import Meter, Misfit
from proxy.inputs.exact import exact, plain, widened

Number = int | float | Decimal
_TEXT: Final = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?")
#: Enough for every number of 1,000 digits before and behind its point; a result with more digits is refused.
_EXACT: Final = Context(prec=4_000, traps=[Inexact])
_MEAN: Final = Context(prec=34)
_MOST_DIGITS: Final = 1_000
#: Nodes of one step of arithmetic.
_STEP: Final = 5
_ROUNDINGS: Final = {"down": ROUND_DOWN, "half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP, "up": ROUND_UP}
#: ISO 4217, list one. Currencies by the number of decimals of their minor unit.
_DECIMALS: Final = {
    code: decimals
    for decimals, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE"
            " CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD"
            " HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP"
            " MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD"
            " SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS"
            " VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
        ),
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
}


def add(meter: Meter, *terms: Number | str) -> Number | str:
    """The exact sum. Text if a term is text, with the most decimals of all terms."""
    return _reduced(meter, _EXACT.add, terms)


def multiply(meter: Meter, *factors: Number | str) -> Number | str:
    """The exact product. Text if a factor is text, with the decimals of all factors together."""
    return _reduced(meter, _EXACT.multiply, factors)


def total(numbers: Sequence[Number]) -> object:
    """The sum of numbers: of doubles if all are int or float, else exact."""
    if not any(isinstance(number, Decimal) for number in numbers):
        return widened(sum(numbers))
    return plain(reduce(_EXACT.add, map(exact, numbers)))


def average(numbers: Sequence[Number]) -> object:
    """The mean of numbers, at least one: of doubles if all are int or float, else with 34 digits."""
    if not any(isinstance(number, Decimal) for number in numbers):
        return sum(numbers) / len(numbers)
    return plain(_MEAN.divide(reduce(_EXACT.add, map(exact, numbers)), Decimal(len(numbers))))


def is_decimal(text: str) -> bool:
    """Whether a text is a decimal number as arithmetic reads it: digits, with a point among them."""
    return _TEXT.fullmatch(text) is not None


def to_minor_units(meter: Meter, amount: Number | str, unit: Number | str, rounding: str | None = None) -> Number:
    """An amount in the smallest unit of a currency: `unit` is its code (ISO 4217) or its number of decimals.

    Raises Misfit for an amount with more decimals, unless `rounding` says how to leave them out.
    """
    meter.visit(_STEP)
    units = _decimal(amount).scaleb(_decimals(unit), _EXACT)
    if rounding is not None and rounding not in _ROUNDINGS:
        raise Misfit(f"to_minor_units rounds {', '.join(sorted(_ROUNDINGS))}")
    whole = units.to_integral_value(_ROUNDINGS[rounding or "down"], _EXACT)
    if rounding is None and whole != units:
        raise Misfit("the amount has more decimals than the currency; round it by a third argument, as 'half_up'")
    return plain(whole)


def _decimals(unit: Number | str) -> int:
    if isinstance(unit, str):
        if unit not in _DECIMALS:
            raise Misfit("there is no such currency; give its ISO 4217 code, or its number of decimals")
        return _DECIMALS[unit]
    if unit not in range(10):
        raise Misfit("to_minor_units takes 0 to 9 decimals")
    return int(unit)


def _reduced(
    meter: Meter, combine: Callable[[Decimal, Decimal], Decimal], values: tuple[Number | str, ...]
) -> Number | str:
    meter.visit(_STEP * len(values))
    result = reduce(lambda left, right: _bounded(combine(left, right)), map(_decimal, values))
    if any(isinstance(value, str) for value in values):
        text = format(result, "f")
        meter.write(len(text))
        return text
    return plain(result)


def _decimal(value: Number | str) -> Decimal:
    if isinstance(value, str):
        if not is_decimal(value):
            raise Misfit("a text is no decimal number, such as 19.99 or -3")
        return Decimal(value)
    return exact(value)


def _bounded(number: Decimal) -> Decimal:
    if abs(number.adjusted()) > _MOST_DIGITS or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise Misfit(f"a result has more than {_MOST_DIGITS} digits")
    return number
