"""Inputs that come as text are read by their declared types."""

from __future__ import annotations

import pytest

from models.vocabulary import InputType
from proxy.inputs import SimpleInput
from proxy.inputs.numbers import CHANGED
from tests.proxy.capabilities import TOO_LONG, bind, compiled, of_type, refused, simple


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (InputType.STRING, "3", "3"),
        (InputType.STRING, ["x"], "x"),
        (InputType.INTEGER, "3", 3),
        (InputType.INTEGER, "-12", -12),
        (InputType.INTEGER, "7.0", 7),
        (InputType.INTEGER, "1e3", 1000),
        (InputType.INTEGER, "1.5e1", 15),
        (InputType.INTEGER, "-0.0", 0),
        (InputType.INTEGER, "120e-1", 12),
        (InputType.INTEGER, "9007199254740993.0", 9007199254740993),
        (InputType.NUMBER, "0.10000000000000001", 0.1),
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
        (InputType.INTEGER, "3.5", "It is not an integer."),
        (InputType.INTEGER, "1e-1", "It is not an integer."),
        (InputType.INTEGER, "1e999", TOO_LONG),
        (InputType.INTEGER, "1e9999", "It is not an integer."),
        (InputType.INTEGER, "", "It is not an integer."),
        (InputType.INTEGER, "٣", "It is not an integer."),
        (InputType.INTEGER, "1_000", "It is not an integer."),
        (InputType.INTEGER, "9" * 5000, "It is not an integer."),
        (InputType.INTEGER, "9" * 30, TOO_LONG),
        (InputType.NUMBER, "NaN", "It is not a number."),
        (InputType.NUMBER, "0x10", "It is not a number."),
        (InputType.NUMBER, "1e999", CHANGED),
        (InputType.NUMBER, "1e-999", CHANGED),
        (InputType.NUMBER, "1234567890123456.78", CHANGED),
        (InputType.NUMBER, "18446744073709551616", CHANGED),
        (InputType.ARRAY, "[1234567890123456.78]", CHANGED),
        (InputType.OBJECT, '{"a": 18446744073709551616}', CHANGED),
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


LISTS = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "integer"}},
        "b": {"type": "array"},
        "s": {"type": "string"},
        "b[0]": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({"a": ["1", "2"]}, {"a": [1, 2]}),
        ({"a[]": ["1", "2"]}, {"a": [1, 2]}),
        ({"a[]": "1"}, {"a": [1]}),
        ({"a[1]": "2", "s": "x", "a[0]": "1"}, {"a": [1, 2], "s": "x"}),
        ({f"a[{number}]": str(number) for number in range(12)}, {"a": list(range(12))}),
        ({"b[]": "[draft]"}, {"b": ["[draft]"]}),
        ({"b[0]": "declared"}, {"b[0]": "declared"}),
        ({"s[]": "1", "x[0]": "1", "a[x]": "1"}, {"s[]": "1", "x[0]": "1", "a[x]": "1"}),
        ({"a": "[1, 2]"}, {"a": [1, 2]}),
    ],
)
def test_reads_a_declared_list_in_each_way_of_writing_it(values, body):
    assert bind(compiled(LISTS), values, from_text=True).body == body


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": "1", "a[]": "2"}, "Write its members in one way: a, or a[], or a[0] and a[1]."),
        ({"a[0]": "1", "a[]": "2"}, "Write its members in one way: a, or a[], or a[0] and a[1]."),
        ({"a[0]": "1", "a": ["2", "3"]}, "Write its members in one way: a, or a[], or a[0] and a[1]."),
        ({"a[0]": "1", "a[2]": "2"}, "Its members are numbered from 0 without a gap; a[1] is missing."),
        ({"a[1]": "1"}, "Its members are numbered from 0 without a gap; a[0] is missing."),
        ({"a[999999]": "1"}, "Its members are numbered from 0 without a gap; a[0] is missing."),
        ({"a[0]": ["1", "2"]}, "a[0] was given more than once."),
        ({"a[]": ["1", "x"]}, "It is not an integer."),
    ],
)
def test_names_a_list_that_is_ambiguous(values, message):
    assert refused(compiled(LISTS), values, from_text=True) == {"inputs.a": message}
