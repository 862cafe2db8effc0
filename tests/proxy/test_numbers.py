"""Numbers that the hub keeps, and those that it would change."""

from __future__ import annotations

import json
import random

import pytest

from proxy.inputs.json_slices import SLICE, slices, without_texts
from proxy.inputs.numbers import first_changed, is_kept

KEPT = [
    *("0", "-0", "7", "18446744073709551615", "-9223372036854775808", "0.1", "1.10", "1E5", "1e22", "1e23"),
    *("123456789012345.6", "3.141592653589793", "5e-324", "1.7976931348623157e308", "100000000000000000000.0"),
    *("0.10000000000000001", "0.1000000000000000055511151231257827021181583404541015625"),
    *("0e999", "0.0000000000000000"),
]
CHANGED = [
    *("18446744073709551616", "-9223372036854775809", "1" * 5_000, "1234567890123456.78", "1234567890123456.7"),
    *("3.141592653589793238", "1e400", "-1e400", "1e-400", "1.7976931348623159e308", "0.1" + "0" * 2_000 + "1"),
]


@pytest.mark.parametrize("text", KEPT)
def test_keeps_a_number_that_means_the_same_afterwards(text):
    assert is_kept(text)
    assert first_changed(f'{{"a": [{text}]}}'.encode()) is None


@pytest.mark.parametrize("text", CHANGED)
def test_finds_a_number_that_would_be_changed_and_its_place(text):
    changed = first_changed(f'[{{"a\\"": "{text}", "b\\\\": [1, {text}], "c": 1}}]'.encode())

    assert not is_kept(text)
    assert (changed.text, changed.path) == (text, ("0", "b\\", "1"))


def test_leaves_the_digits_inside_texts_alone():
    texts = {"1234567890123456.78": ["1e400", '"1e400', "\\1e400", "\\\\", "18446744073709551616"]}

    assert first_changed(json.dumps([texts, texts]).encode()) is None


def test_every_double_is_kept_as_any_program_prints_it():
    chance = random.Random(5)
    doubles = [chance.uniform(-1, 1) * 10 ** chance.randint(-300, 300) for _ in range(500)]

    for form in ("{!r}", "{:.17g}", "{:.16e}"):
        assert first_changed(f"[{','.join(map(form.format, doubles))}]".encode()) is None


@pytest.mark.parametrize("shift", range(8))
@pytest.mark.parametrize("text", ["\\" * 40, '\\"' * 20, "1e400", "12345678901234567890123 "])
def test_a_long_text_is_read_in_slices_that_divide_neither_escapes_nor_numbers(text, shift):
    filler = json.dumps("x" * (SLICE - 40 + shift) + text * 3)
    kept = f'[{filler},0.1,{filler},"1e400",{{{filler}:[3.141592653589793]}}]'.encode()
    changed = f"[{filler},0.1,{filler},{' ' * (2 * SLICE - 20 + shift)}1234567890123456789012,0]".encode()

    assert b"".join(slices(kept)) == kept
    assert without_texts(kept) == b"[,0.1,,,{:[3.141592653589793]}]"
    assert first_changed(kept) is None
    assert first_changed(changed).path == ("3",)
