"""Inputs that come as text are read by their declared types."""

from __future__ import annotations

import pytest

from models.vocabulary import InputType
from proxy.inputs import SimpleInput
from tests.proxy.capabilities import TOO_LONG, bind, compiled, of_type, refused, simple


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (InputType.STRING, "3", "3"),
        (InputType.STRING, ["x"], "x"),
        (InputType.INTEGER, "3", 3),
        (InputType.INTEGER, "-12", -12),
        (InputType.NUMBER, "3", 3),
        (InputType.NUMBER, "3.50", 3.5),
        (InputType.NUMBER, "-1e3", -1000.0),
        (InputType.BOOLEAN, "true", True),
        (InputType.BOOLEAN, "False", False),
        (InputType.ARRAY, "x", ["x"]),
        (InputType.ARRAY, ["x", "y"], ["x", "y"]),
        (InputType.ARRAY, '["x", 1]', ["x", 1]),
        (InputType.OBJECT, '{"a": [1]}', {"a": [1]}),
        (InputType.ANY, "3", "3"),
    ],
)
def test_reads_text_by_the_declared_type(kind, text, value):
    bound = bind(of_type(kind), {"a": text}, from_text=True)

    assert bound.body == {"a": value}
    assert type(bound.body["a"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (InputType.INTEGER, "3.0", "It is not an integer."),
        (InputType.INTEGER, "", "It is not an integer."),
        (InputType.INTEGER, "٣", "It is not an integer."),
        (InputType.INTEGER, "1_000", "It is not an integer."),
        (InputType.INTEGER, "9" * 5000, "It is not an integer."),
        (InputType.INTEGER, "9" * 30, TOO_LONG),
        (InputType.NUMBER, "NaN", "It is not a number."),
        (InputType.NUMBER, "0x10", "It is not a number."),
        (InputType.NUMBER, "1e999", "NaN and infinity are not numbers of JSON."),
        (InputType.BOOLEAN, "1", "It is neither true nor false."),
        (InputType.OBJECT, "{", "It is not JSON."),
        (InputType.OBJECT, "[1]", 'It is not of type "object".'),
        (InputType.STRING, ["a", "b"], "It was given more than once."),
        (InputType.STRING, "\0", "Text must not contain the character NUL."),
    ],
)
def test_says_what_is_wrong_with_text(kind, text, message):
    assert refused(of_type(kind), {"a": text}, from_text=True) == {"inputs.a": message}


def test_reads_members_of_arrays_and_options_by_their_types():
    schema = {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": {"type": "integer"}},
            "size": {"enum": [1, "two", None, True]},
        },
    }

    bound = bind(compiled(schema), {"ids": ["1", "2"], "size": "1"}, from_text=True)

    assert bound.body == {"ids": [1, 2], "size": 1}
    assert bind(compiled(schema), {"size": "two"}, from_text=True).body == {"size": "two"}
    assert list(refused(compiled(schema), {"size": "three"}, from_text=True)) == ["inputs.size"]


def test_faults_of_text_and_of_values_come_together():
    capability = simple(SimpleInput(name="n", type=InputType.INTEGER), SimpleInput(name="s", required=True))

    assert refused(capability, {"n": "x"}, from_text=True) == {
        "inputs.n": "It is not an integer.",
        "inputs.s": "It is required.",
    }
