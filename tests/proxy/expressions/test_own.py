"""The hub's own functions: exact, repeatable, and refused with a sentence for arguments that make no sense."""

from __future__ import annotations

import random
import re
from decimal import Decimal, localcontext

import pytest

from proxy.expressions import Budget, ExpressionRefused, evaluate
from proxy.inputs.exact import write_json

HUGE = "9" * 300


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("add('1,000.00', `1`)", "a text is no decimal number, such as 19.99 or -3."),
        ("add('1e5', `1`)", "a text is no decimal number, such as 19.99 or -3."),
        ("add('', `1`)", "a text is no decimal number, such as 19.99 or -3."),
        ("add('١', `1`)", "a text is no decimal number, such as 19.99 or -3."),
        ("add(`null`, `1`)", "argument 1 of add is null, not number or string."),
        ("add(`1`, `true`)", "argument 2 of add is boolean, not number or string."),
        (f"multiply('{HUGE}', '{HUGE}', '{HUGE}', '{HUGE}')", "a result has more than 1000 digits."),
        ("to_minor_units('19.999', 'EUR')", "the amount has more decimals than the currency; round it by a"),
        ("to_minor_units('1', 'JPI')", "there is no such currency; give its ISO 4217 code, or its number of"),
        ("to_minor_units('1', 'eur')", "there is no such currency; give its ISO 4217 code, or its number of"),
        ("to_minor_units('1', `-1`)", "to_minor_units takes 0 to 9 decimals."),
        ("to_minor_units('1', `1.5`)", "to_minor_units takes 0 to 9 decimals."),
        ("to_minor_units('1', 'EUR', 'ceiling')", "to_minor_units rounds down, half_even, half_up, up."),
        ("format_time('2026-07-01', '%Y')", "format_time takes a time such as 2026-11-30T23:10:00Z; parse_time"),
        ("format_time('2026-07-01T10:00:00', '%Y')", "format_time takes a time such as 2026-11-30T23:10:00Z; "),
        ("format_time('2026-02-30T10:00:00Z', '%Y')", "format_time has no such time in its calendar."),
        ("format_time('2026-07-01T10:00:00Z', '%c')", "a format of times has at most 100 characters, with %% "),
        ("format_time('2026-07-01T10:00:00Z', '%')", "a format of times has at most 100 characters, with %% "),
        ("format_time('9999-12-31T23:00:00Z', '%Y', 'Asia/Tokyo')", "format_time has no result on these arguments."),
        *(
            (f"format_time('2026-07-01T10:00:00Z', '%Y', '{zone}')", "a time zone has a name of IANA, such as ")
            for zone in ("UTC+2", "asia/calcutta", "../etc/passwd", "/etc/passwd", "", "Europe", "a" * 300)
        ),
        ("parse_time('1/2/26', '%d.%m.%Y')", "parse_time has a text that is not in its format."),
        ("parse_time('2026 2026', '%Y %Y')", "parse_time has a text that is not in its format."),
        ("parse_time('31.02.2026', '%d.%m.%Y')", "parse_time has a text that is not in its format."),
        ("parse_time('x', '%s')", "a format of times has at most 100 characters, with %% "),
        ("parse_time(`20260701`, '%Y%m%d')", "parse_time reads a string of at most 100 characters in this format."),
        ("parse_time(`1e300`, 'unix')", "parse_time has no result on these arguments."),
        ("parse_time('1e3', 'unix')", "parse_time has a text that is no number since 1970."),
        ("split('a', '')", "split looks for an empty text."),
        ("replace('a', '', 'b')", "replace looks for an empty text."),
        ("lower(`1`)", "argument 1 of lower is number, not string."),
        ("uuid5('dns', 'a')", "uuid5 takes a namespace that is a UUID, such as "),
    ],
)
def test_refuses_with_a_sentence_and_without_a_crash(expression, sentence):
    with pytest.raises(ExpressionRefused) as refused:
        evaluate(expression, None, Budget(), strict=True)

    said = re.sub(r"^The expression `.*?` does not fit this value: ", "", str(refused.value), flags=re.DOTALL)
    assert said.startswith(sentence)
    assert evaluate(expression, None, Budget()) is None


def test_arithmetic_on_texts_is_that_of_decimals():
    chance = random.Random(7)
    for _ in range(300):
        left, right = (f"{chance.randrange(-(10**20), 10**20)}.{chance.randrange(10**6):06d}" for _ in "ab")

        results = evaluate("[add(@[0], @[1]), multiply(@[0], @[1])]", [left, right], Budget(), strict=True)

        with localcontext(prec=100):
            assert results == [str(Decimal(left) + Decimal(right)), f"{Decimal(left) * Decimal(right):f}"]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("[0]", b"123456789012345678901"),
        ("to_string([0])", b'"123456789012345678901"'),
        ("to_string(@)", b'"[123456789012345678901,0.5]"'),
        ("sum(@)", b"123456789012345678901.5"),
        ("add([0], [1])", b"123456789012345678901.5"),
        ("multiply([0], `2`)", b"246913578024691357802"),
        ("avg(@[:1])", b"123456789012345678901"),
        ("abs(multiply([0], `-1`))", b"123456789012345678901"),
        ("ceil(sum(@))", b"123456789012345678902"),
        ("floor(sum(@))", b"123456789012345678901"),
        ("max(@)", b"123456789012345678901"),
        ("sort(@)", b"[0.5,123456789012345678901]"),
        ("sum([`18446744073709551615`, `1`])", b"18446744073709551616"),
        ("to_number('1234567890123456.78')", b"1234567890123456.78"),
        ("to_number('18446744073709551616')", b"18446744073709551616"),
        ("`18446744073709551616`", b"18446744073709551616"),
        ("[0] > [1]", b"true"),
        ("[0] == `123456789012345678901`", b"true"),
        ("[0] == `123456789012345678902`", b"false"),
        ("type([0])", b'"number"'),
    ],
)
def test_numbers_beyond_a_double_are_exact(expression, result):
    value = [Decimal("123456789012345678901"), 0.5]

    assert write_json(evaluate(expression, value, Budget(), strict=True)) == result
