"""Every expression ends within its budget, on every value: with a result, or with a sentence."""

from __future__ import annotations

import re
import tracemalloc
import zoneinfo

import pytest
from hypothesis import given, settings

from proxy.expressions import Budget, ExpressionRefused, evaluate
from tests.harness.effort import effort
from tests.proxy.expressions.generated import REPEATABLE, SOURCES, hostile_expression, hostile_value

#: Of CPU: five times the promise, since a busy machine is slower; 100 ms are usual.
SECONDS = 1.25
BYTES = 50_000_000


def nested(call: str, times: int) -> str:
    text = "@"
    for _ in range(times):
        text = call.format(text)
    return text


ELEMENTS = "makes more than 100000 elements on this value; simplify it, or let it select less."
TEXT = "makes more than 4000000 bytes of text on this value; simplify it, or let it select less."
STEPS = "takes more than 200000 steps on this value; simplify it, or let it select less."
VECTORS = {
    "quotes that double": (nested("to_string(to_array({}))", 13), lambda: '"' * 20_000, TEXT),
    "more quotes that double": (nested("to_string(to_array({}))", 13), lambda: '"' * 120_000, TEXT),
    "a list that doubles": ("@ | " + " | ".join(["[@,@][]"] * 40), lambda: [1], ELEMENTS),
    "a result that doubles unmade": ("@ | " + " | ".join(["[@,@]"] * 40), lambda: [1], ELEMENTS),
    "a result of shared texts": (f"[{','.join('@' * 2000)}]", lambda: "x" * 100_000, TEXT),
    "a result of many elements": ("@", lambda: [1] * 5_000_000, ELEMENTS),
    "separators that are long": ("join(@[0], @)", lambda: ["x" * 5_000] * 2_000, TEXT),
    "a text in full width": ("reverse(@)", lambda: "😀" * 1_100_000, TEXT),
    "emojis as escapes": ("to_string(to_array(@))", lambda: "😀" * 2_500_000, TEXT),
    "projections in projections": ("[*]" * 15, lambda: nested_lists(15), ELEMENTS),
    "many lists that are empty": ("[]", lambda: [[]] * 3_000_000, STEPS),
    "comparisons of lists": ("[?@ == `[1]`]", lambda: [[1] for _ in range(50_000)], STEPS),
    "a comparison of large lists": ("[0] == [1]", lambda: [[[n] for n in range(150_000)] for _ in "ab"], STEPS),
    "comparisons of long texts": ("[?@ == $]".replace("$", f"'{'x' * 4000}'"), lambda: ["x" * 4000] * 900, None),
    "a search in large lists": ("contains(@, `1`)", lambda: [2] * 300_000, STEPS),
    "a search that is naive": (f"[?contains(@, '{'a' * 30}b')]", lambda: ["a" * 2_500] * 4_000, STEPS),
    "a search for a long text": ("contains([0], [1])", lambda: ["a" * 5_000_000, "b" + "a" * 4_999_000], STEPS),
    "a sort of long texts": (
        "[@,@,@,@,@,@,@,@,@,@][] | [@,@,@,@,@,@,@,@,@,@][] | sort(@)",
        lambda: ["x" * 200_000 + "a", "x" * 200_000 + "b"],
        STEPS,
    ),
    "a sort of many": ("sort(@)", lambda: [str(n * 7919 % 90_001) for n in range(90_000)], STEPS),
    "a sum of many": ("sum(@)", lambda: [1] * 300_000, STEPS),
    "calls of many": ("[*].keys(@)", lambda: [{} for _ in range(90_000)], STEPS),
    "slices": ("[::-1] | [::-1] | [::1]", lambda: [1] * 60_000, ELEMENTS),
    "objects": ("[*].{a: @, b: @}", lambda: [1] * 60_000, ELEMENTS),
    "merged objects": ("[*].merge(@, @)", lambda: [{str(n): 1 for n in range(9)}] * 9_000, ELEMENTS),
    "a number of digits": ("to_number(@)", lambda: "9" * 10_000_000, None),
    "a digest of a large value": ("digest(@)", lambda: [[n] for n in range(150_000)], STEPS),
    "many digests of a text": ("[*].digest(@)", lambda: ["x" * 10_000] * 900, TEXT),
    "a part that is split off often": ("length(split(@, 'a'))", lambda: "a" * 1_000_000, ELEMENTS),
    "a part that grows": (nested("replace({}, 'a', 'aaaaaaaaaa')", 12), lambda: "a", TEXT),
    "a part that is replaced often": (f"replace(@, 'a', '{'b' * 3000}')", lambda: "a" * 100_000, TEXT),
    "a replacement that is naive": (f"replace(@, '{'a' * 3000}b', '')", lambda: "a" * 2_000_000, STEPS),
    "small letters of many": ("[*].lower(@)", lambda: ["X" * 10_000] * 900, TEXT),
    "a product of long numbers": ("[*].multiply(@, @, @)", lambda: ["9" * 300] * 90_000, TEXT),
    "a product that grows": (f"multiply({', '.join(['@'] * 900)})", lambda: "9" * 300, None),
    "times of many": ("[*].format_time(@, '%Y %A')", lambda: ["2026-07-01T00:00:00Z"] * 90_000, STEPS),
    "formats of many": (
        "[*].parse_time(t, f)",
        lambda: [{"t": f"2026{n}", "f": f"%Y{n}"} for n in range(9_000)],
        STEPS,
    ),
    "zones of many": (
        "[*].[format_time('2026-07-01T00:00:00Z', '%Y', @)]",
        lambda: sorted(zoneinfo.available_timezones()) * 100,
        STEPS,
    ),
    "uuids of many": ("[*].uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', @)", lambda: ["x"] * 90_000, STEPS),
    "a literal that is deep": (f"`{'[' * 900}{']' * 900}` == `{'[' * 900}{']' * 900}`", lambda: 1, None),
}


def nested_lists(depth: int) -> list:
    value: list = [1, 1]
    for _ in range(depth):
        value = [value, value]
    return value


def nested_objects(depth: int) -> dict:
    value: dict = {"a": 1, "b": 1}
    for _ in range(depth):
        value = {"a": value, "b": value}
    return value


def measured(expression: str, value: object) -> tuple[object, float]:
    """The result, or the refusal, and the seconds of CPU."""
    result: object
    with effort() as spent:
        try:
            result = evaluate(expression, value, Budget())
        except ExpressionRefused as refusal:
            result = refusal
    return result, spent.seconds


def peak(expression: str, value: object) -> int:
    """The most bytes that were allocated at once."""
    tracemalloc.start()
    try:
        measured(expression, value)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("expression", "value_of", "sentence"), VECTORS.values(), ids=VECTORS)
def test_stops_within_time_and_memory(expression, value_of, sentence):
    value = value_of()

    result, seconds = measured(expression, value)

    if sentence is not None:
        assert isinstance(result, ExpressionRefused)
        assert re.sub(r"^The expression `.*?` ", "", str(result)) == sentence
    assert seconds < SECONDS
    assert peak(expression, value) < BYTES


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("@ | " + " | ".join(["[@,@][]"] * 22), [1]),
        ("@ | " + " | ".join(["[@,@][]"] * 30), [1]),
        ("@ | " + " | ".join(["[@,@]"] * 24), 1),
        ("!" * 3000 + "a", 1),
        ("*" + ".*" * 17, nested_objects(17)),
    ],
    ids=["a list that doubles", "until it fills the machine", "unmade until it is written", "negations", "wildcards"],
)
def test_an_expression_that_explodes_ends_within_100_ms(expression, value):
    result, seconds = measured(expression, value)

    assert isinstance(result, ExpressionRefused)
    assert seconds < 0.1


@given(source=SOURCES)
@settings(REPEATABLE, max_examples=100)
def test_any_expression_stops_in_time(source):
    _, seconds = measured(hostile_expression(source), hostile_value(source))

    assert seconds < SECONDS


@given(source=SOURCES)
@settings(REPEATABLE, max_examples=20)
def test_any_expression_stops_within_its_memory(source):
    assert peak(hostile_expression(source), hostile_value(source)) < BYTES


def test_a_result_within_the_budget_is_whole():
    quotes = [{"id": str(n)} for n in range(30_000)]

    assert evaluate("[*].id", quotes, Budget()) == [str(n) for n in range(30_000)]
    assert evaluate("length(to_string(@))", quotes[:20_000], Budget()) == 288_891


def test_finds_what_is_there_and_nothing_if_it_does_not_fit():
    answer = {"user": {"id": 5, "names": ["Ada", "Lovelace"]}}

    assert evaluate("user.id", answer, Budget()) == 5
    assert evaluate("join(' ', user.names)", answer, Budget()) == "Ada Lovelace"
    assert evaluate("join(' ', user.id)", answer, Budget()) is None
    assert evaluate("length(user.id)", answer, Budget()) is None
    assert evaluate("user.id", "text", Budget()) is None


@pytest.mark.parametrize(
    ("limit", "expression"),
    [
        ({"nodes": 3}, "a.b.c.d"),
        ({"elements": 3}, "[a, a, a, a]"),
        ({"output_bytes": 9}, "'0123456789'"),
        ({"characters": 5}, "a.b.c.d"),
        ({"depth": 2}, "[[[a]]]"),
    ],
)
def test_keeps_the_limits_that_it_is_given(limit, expression):
    with pytest.raises(ExpressionRefused):
        evaluate(expression, {"a": 1}, Budget(**limit))

    evaluate(expression, {"a": 1}, Budget())
