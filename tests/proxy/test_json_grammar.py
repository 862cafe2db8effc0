"""JSON is judged by its grammar, whatever its size; a fault has a place."""

from __future__ import annotations

import pytest

from proxy.json_grammar import SMALL, json_fault

VALID = [
    *("0", "-0", "1e400", "-1E+400", "1.10", "1E5", "1234567890123456.78", "9" * 5000, "true", "null", '""'),
    *('"\\ud800"', '"\\u0000"', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u12aF"', '"\x7f\u2028"', '{"a":1,"a":2}', '{"":[]}'),
    *(" \t\r\n[ 1 , { } ] ", '["]","[","\\"]","\\\\",{"{":"}"}]'),
]
INVALID = [
    *("", " ", "NaN", "-Infinity", "01", "1.", ".5", "+1", "1e", "0x10", "-", "- 1", "tru", "True", "nul", "1_0"),
    *("[1,]", "[,1]", "[1 2]", "[", "]", "[1}", '{"a":1,}', "{a:1}", "{1:2}", '{"a"}', '{"a":}', "{'a':1}", "{}{}"),
    *(
        '"',
        '"\\x"',
        '"\\u12g4"',
        '"\t"',
        '"\n"',
        "'a'",
        "[1] x",
        "// c\n1",
        "[1]\0",
        "\0",
        "\u00a01",
        "\v1",
        "\ufeff",
    ),
]


def large(text: str) -> str:
    """The text within a list that is read as a large body is."""
    return f'["{"x" * SMALL}",{text}]'


def judged(text: str) -> str | None:
    return json_fault(text, text.encode())


@pytest.mark.parametrize("text", VALID)
def test_takes_json_of_any_size_and_number(text):
    assert judged(text) is None
    assert judged(large(text)) is None


@pytest.mark.parametrize("text", INVALID)
def test_refuses_other_texts_of_any_size(text):
    assert judged(text) is not None
    assert judged(large(text)) is not None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a":NaN}', "line 1, column 6 (position 5): NaN is no number of JSON."),
        ("[1,\n  -Infinity]", "line 2, column 3 (position 6): -Infinity is no number of JSON."),
        ('["ab', "line 1, column 5 (position 4): a text does not end."),
        ('["a\tb"]', "line 1, column 4 (position 3): this character or its escape is not allowed."),
        ('{"a":1,}', "line 1, column 8 (position 7): expected a name in quotes."),
        ("[1] x", "line 1, column 5 (position 4): expected the end."),
        ("<html>", "line 1, column 1 (position 0): expected a value."),
        ("[" * 201, "line 1, column 201 (position 200): it is nested more than 200 levels deep."),
    ],
)
def test_names_the_place_of_a_fault(text, fault):
    assert judged(text) == f"This is no JSON at {fault}"


def test_names_the_place_of_a_fault_in_a_large_text():
    place = len(large("")) - 1

    assert judged(large("NaN")) == (
        f"This is no JSON at line 1, column {place + 1} (position {place}): NaN is no number of JSON."
    )
    assert judged('["' + "x" * 1_000_000 + '",NaN]') == (
        "This is no JSON: it has a fault after its first 1000000 characters."
    )


def test_reads_a_large_text_beyond_the_character_nul():
    assert judged(large("1") + "\0") is not None
    assert judged(large("1") + "\0[") is not None


@pytest.mark.parametrize("quoted", ["[[[[", "]]]]", '\\"]]', '\\\\\\"]]', '\\"[', '\\\\\\"{', "{}"])
def test_counts_levels_outside_of_strings_only(quoted):
    others = ",".join([f'{{"{quoted}":"{quoted}"}}'] * 300)
    deep, deeper = "[" * 198 + "]" * 198, "[" * 199 + "]" * 199

    assert judged(f"[{others},[{deep}]]") is None
    assert judged(f"[{others},[{deeper}]]") is not None
    assert judged(f"[{large(others)},{deep},[{deep}]]") is None
    assert judged(f"[{large(others)},{deep},[{deeper}]]") is not None
