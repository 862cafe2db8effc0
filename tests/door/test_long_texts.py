"""Long strings of a JSON text are read in pieces: the value is the same as when it is read as a whole."""

from __future__ import annotations

import json
import random

import orjson
import pytest

from proxy.inputs.json_slices import SLICE
from wire.body import BodyLimits, parse_json
from wire.long_texts import lift_texts
from wire.refusal import BadRequest

LIMITS = BodyLimits(size=10_000_000)
PARTS = ("a" * 50, "é", "😀", "\n", '"', "\\", '\\"', "€" * 20, "\u2028", "x" * 999, '":', "[{,")


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("part", [*PARTS, "mixed"])
def test_a_long_text_is_read_as_it_was_written(part: str, ascii: bool):
    chance = random.Random(5)
    text = "".join(chance.choices(PARTS, k=2_500)) if part == "mixed" else part * (400_000 // len(part))
    for shift in range(7):
        long = "-" * shift + text
        value = [long, {"a": long[:-1], "b": [1, "short", long], "": {long: long}}, "end"]
        raw = json.dumps(value, ensure_ascii=ascii, indent=shift or None).encode()

        same = parse_json(raw, LIMITS) == value  # a difference of megabytes takes minutes to show
        assert same


def test_no_step_reads_much():
    """What is left after the strings were taken out is short, and each of them is read in pieces."""
    raw = orjson.dumps({"script": "let a = 1;\n" * 500_000, "icon": "A" * 900_000})

    lifted = lift_texts(raw)

    assert (len(lifted.texts), len(lifted.raw) < 200) == (2, True)
    same = lifted.restored(orjson.loads(lifted.raw)) == orjson.loads(raw)
    assert same


@pytest.mark.parametrize(
    "wrong", [b"\xff", b"\\x", b"\n", b"\\ud800", b"\xed\xa0\x80", b"\xc3", b'" \\" "', b'",', b'":"'], ids=repr
)
@pytest.mark.parametrize("before", [0, 100, SLICE - 1, 2 * SLICE + 7])
def test_a_long_text_that_is_no_json_is_refused(wrong: bytes, before: int):
    raw = b'["' + b"a" * before + wrong + b"a" * (4 * SLICE) + b'"]'
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(raw)

    with pytest.raises(BadRequest, match="not JSON"):
        parse_json(raw, LIMITS)
