"""Values of a JSON text are counted without making them; texts inside do not count."""

from __future__ import annotations

import json
import random

import pytest

from wire.body import BodyLimits, parse_json
from wire.json_values import bare_text
from wire.refusal import BadRequest

FILLER = 64 * 1024


def values(value: object) -> int:
    """The number of values, with the two of an empty list or object."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inner is None else 1 + (sum(map(values, inner)) or 1)


@pytest.mark.parametrize("text", [",", '"', '\\"', "\\", "\\\\", '\\",', "\n,[", '","', "\\u005c", "é,", ""])
@pytest.mark.parametrize("shift", [*range(-6, 7)])
def test_counts_what_is_outside_of_texts_wherever_a_text_is_divided(text: str, shift: int):
    raw = json.dumps(["x" * (FILLER - 3 + shift), text, [text, 1], {text: text, "b": []}] + [0] * 20).encode()
    count = values(json.loads(raw))

    assert bare_text(raw, most=count - 1) is None
    assert bare_text(raw, most=count) is not None


def test_counts_any_value():
    chance = random.Random(7)

    def some(depth: int) -> object:
        kind = chance.randrange(6 if depth else 4)
        if kind >= 4:
            size = chance.randrange(5)
            return (
                [some(depth - 1) for _ in range(size)]
                if kind == 4
                else {f"{chance.choice(TEXTS)}{number}": some(depth - 1) for number in range(size)}
            )
        return [1.5, None, chance.choice(TEXTS) * chance.randrange(9_000), True][kind]

    for _ in range(60):
        value = [some(4) for _ in range(10)]
        raw, count = json.dumps(value, ensure_ascii=False).encode(), values(value)
        assert [bare_text(raw, most=most) is None for most in (count - 1, count)] == [True, False]


TEXTS = ("a,", '"[', "\\", '\\"', "{,", "é", "", "\t:")


def test_refuses_a_body_of_more_values_than_allowed():
    limits = BodyLimits(values=3)

    assert parse_json(b'[1, ",,,,,,"]', limits) == [1, ",,,,,,"]
    with pytest.raises(BadRequest, match="more than 3 values") as refused:
        parse_json(b"[1, 2, 3]", limits)
    assert refused.value.status == 413


@pytest.mark.parametrize("value", [b"[]", b'{"a":{}}', b'"[,,{"', b"1234567890"])
def test_refuses_many_small_values_before_they_are_made(value: bytes):
    """A hundred thousand of them hold the interpreter for 30 ms at most, half a million did for a quarter second."""
    count = values(json.loads(value))
    fitting = [value] * (99_999 // count)

    parse_json(b"[%s]" % b",".join(fitting), BodyLimits())

    with pytest.raises(BadRequest, match="more than 100000 values"):
        parse_json(b"[%s" % b",".join([*fitting, value]), BodyLimits())
