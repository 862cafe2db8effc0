"""Records as JSON: what cannot be stored is the error of one record, found before anything is written."""

from __future__ import annotations

import json

import pytest

from models.flow_words import RecordFault
from proxy.records import MOST_BYTES, Faulty, checked, read_answer


def refusal(value: object) -> tuple[RecordFault, str]:
    with pytest.raises(Faulty) as faulty:
        checked(value)
    return faulty.value.fault, faulty.value.message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (rb'{"a": [{"b": "x\u0000"}]}', "The record has a fault at a.0.b: Text must not contain the character NUL."),
        (rb'{"a\u0000": 1}', "The record has a fault: Text must not contain the character NUL."),
        (rb'{"a": "\ud800"}', "The record has a fault at a: Text must not contain half of a surrogate pair."),
        (rb'{"a": "\udc00x"}', "The record has a fault at a: Text must not contain half of a surrogate pair."),
        (rb'"\u0000"', "The record has a fault: Text must not contain the character NUL."),
    ],
)
def test_text_that_cannot_be_stored_is_the_error_of_its_record(raw, message):
    good, bad = read_answer(b'[{"a": "\\ud83d\\ude00 \\\\u0000"},' + raw + b"]")

    assert checked(good) == '{"a":"😀 \\\\u0000"}'.encode()
    assert refusal(bad) == (RecordFault.VALUE, message)


def test_a_record_has_at_most_a_megabyte():
    text = "x" * (MOST_BYTES - len('{"a":""}'))

    assert len(checked({"a": text})) == MOST_BYTES
    assert refusal({"a": f"{text}x"}) == (
        RecordFault.TOO_LARGE,
        "The record has 1000001 bytes; at most 1000000 are allowed. Map fewer members of it.",
    )
    assert refusal({"a": ["é" * 1000] * 500})[0] is RecordFault.TOO_LARGE


@pytest.mark.parametrize("depth", [201, 250, 300, 20_000])
def test_a_record_has_at_most_200_levels(depth):
    for around in (lambda inner: [inner], lambda inner: {"a": inner}):
        value: object = 1
        for level in range(depth):
            value = around(value)
            if level == 199:
                checked(value)

        assert refusal(value)[0] is RecordFault.VALUE


def test_many_brackets_beside_each_other_are_no_levels():
    value = [{"a": [[], {}]}] * 300

    assert json.loads(checked(value)) == value
