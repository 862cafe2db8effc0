"""Results are those of the jmespath library."""

from __future__ import annotations

import random
import warnings

import jmespath
import pytest
from hypothesis import given

from proxy.expressions.budget import Budget, Meter, Misfit
from proxy.expressions.interpret import Interpreter
from proxy.expressions.parse import parse
from tests.proxy.expressions.generated import REPEATABLE, SOURCES, expression_of, value_of

MISFIT = "it does not fit"
VALUE = {
    "text": "abcé",
    "number": -2.5,
    "numbers": [3, 1, 2.5],
    "texts": ["b", "a", "c"],
    "people": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 7}, {"name": "Cy", "age": 36}],
    "object": {"b": 1, "a": {"deep": [1, [2, [3]]]}},
    "mixed": [0, 1, True, False, None, "", [], {}, "x"],
    "null": None,
}


def ours(expression: str, value: object) -> object:
    try:
        return Interpreter(Meter(Budget())).visit(parse(expression, Budget()), value)
    except Misfit:
        return MISFIT


def theirs(expression: str, value: object) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            return jmespath.search(expression, value)
    except (ArithmeticError, TypeError, ValueError):  # its own errors are ValueErrors, and it lets some others pass
        return MISFIT


@given(source=SOURCES)
@REPEATABLE
def test_any_expression_has_the_library_s_result(source):
    expression, value = expression_of(source), value_of(source)

    assert repr(ours(expression, value)) == repr(theirs(expression, value))


def test_generated_expressions_have_results():
    sources = map(random.Random, range(1_000))
    results = [theirs(expression_of(source), value_of(source)) for source in sources]

    assert sum(result not in (None, MISFIT) for result in results) > 160


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("abs(number)", 2.5),
        ("avg(numbers)", 6.5 / 3),
        ("avg(`[]`)", None),
        ("ceil(number)", -2),
        ("contains(text, 'bc')", True),
        ("contains(texts, 'bc')", False),
        ("ends_with(text, 'é')", True),
        ("floor(number)", -3),
        ("join('-', texts)", "b-a-c"),
        ("join('-', numbers)", MISFIT),
        ("keys(object)", ["b", "a"]),
        ("keys(texts)", MISFIT),
        ("length(text)", 4),
        ("length(object)", 2),
        ("length(number)", MISFIT),
        ("map(&age, people)", [36, 7, 36]),
        ("map(&none, people)", [None, None, None]),
        ("max(numbers)", 3),
        ("max(texts)", "c"),
        ("max(mixed)", MISFIT),
        ("max_by(people, &age).name", "Ada"),
        ("max_by(`[]`, &age)", None),
        ("merge(object, {b: number})", {"b": -2.5, "a": {"deep": [1, [2, [3]]]}}),
        ("min(numbers)", 1),
        ("min_by(people, &age).name", "Bob"),
        ("min_by(people, &none)", MISFIT),
        ("not_null(null, none, number)", -2.5),
        ("reverse(numbers)", [2.5, 1, 3]),
        ("reverse(text)", "écba"),
        ("sort(texts)", ["a", "b", "c"]),
        ("sort_by(people, &age)[].name", ["Bob", "Ada", "Cy"]),
        ("sort_by(people, &none)", MISFIT),
        ("starts_with(text, 'b')", False),
        ("sum(numbers)", 6.5),
        ("to_array(number)", [-2.5]),
        ("to_array(texts)", ["b", "a", "c"]),
        ("to_number('-1.5e3')", -1500.0),
        ("to_number('12')", 12),
        ("to_number(text)", None),
        ("to_string(people[0])", '{"name":"Ada","age":36}'),
        ("to_string(text)", "abcé"),
        ("to_string([text])", '["abc\\u00e9"]'),
        ("mixed[*].type(@)", [*["number"] * 2, *["boolean"] * 2, "null", "string", "array", "object", "string"]),
        ("values(object)[0]", 1),
        ("object.a.deep[]", [1, 2, [3]]),
        ("object.*", [1, {"deep": [1, [2, [3]]]}]),
        ("people[?age > `10` && name != 'Cy'].name", ["Ada"]),
        ("people[::-2].name", ["Cy", "Ada"]),
        ("people[-1].[name, age]", ["Cy", 36]),
        ("mixed[?@]", [0, 1, True, "x"]),
        ("mixed[0] == mixed[3]", False),
        ("number < text", MISFIT),
        ("null < number", None),
        ("!null && number || text", -2.5),
        ("numbers | [0]", 3),
        ("none.name[0]", None),
    ],
)
def test_each_function_and_form_has_its_result(expression, result):
    assert ours(expression, VALUE) == result
    assert theirs(expression, VALUE) == result


@pytest.mark.parametrize("text", ["9" * 1001, "1e999", "nan", "-Infinity"])
def test_a_text_that_is_no_finite_number_is_null_as_a_number(text):
    assert ours("to_number(@)", text) is None
