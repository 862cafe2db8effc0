"""Expressions are checked before anything is evaluated: their length, their depth, their grammar, their calls."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.expressions import Budget, check_expression, is_truthy
from tests.proxy.expressions.generated import REPEATABLE

TOO_DEEP = "An expression has at most 50 levels of parts within parts; divide it or leave some out."
#: Every token of the grammar, and some that are none.
TOKENS = (
    *(".", "*", ",", ":", "@", "&", "|", "||", "&&", "!", "<", "!=", "==", "=", "-", "-1", "0"),
    *("]", "(", ")", "{", "}", "[", "[]", "[?", "[*]", "a", "length(", "é", "'", '"', "`", "`[`", "\\"),
)


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "data.user.id",
        "data[0].id",
        "join(' ', [first, last])",
        "items[?primary].email | [0]",
        "a || b",
        "!error",
        "map(&[@, @], @)",
        "join(to_string(@), @)",
        "[a, b, c, d, e, f, g, h]",
        "sort_by(items, &date)[-1].id",
        "a" + ".b" * 2000,
        "a" + "[0]" * 45,
        "a || " * 45 + "b",
        "[?contains(name, 'a')]" * 20,
    ],
)
def test_takes_expressions(text):
    assert check_expression(text, Budget()) is None


@pytest.mark.parametrize("text", ["", " ", "a[", "a b", "a.", "`[", '"\\u"', "'", "[?", "a ! b", "$", "{a", "{1: a}"])
def test_refuses_text_that_is_no_expression(text):
    assert (check_expression(text, Budget()) or "").startswith("This is not a JMESPath expression")


@pytest.mark.parametrize(
    "text",
    [
        *("!" * 3000 + "a", "(" * 3000, "[" * 3000, "{a:" * 1000, "a[?" * 1000, "f(" * 1500, "*" + ".*" * 1500),
        *("a" + "[]" * 1500, "a" + "[*]" * 1000, "a" + "[::]" * 1000, "&a|" * 1000 + "a", "& " * 2000 + "a"),
        *("a|" * 1500 + "a", "a||" * 1000 + "a", "a==" * 1000 + "a", "!(" * 1500 + "a", "[*].[" * 700),
    ],
)
def test_refuses_depth_before_it_is_parsed_and_long_chains_after(text):
    assert check_expression(text, Budget()) == TOO_DEEP


def test_refuses_length_alone():
    text = "a" * 4097

    assert check_expression(text, Budget()) == "An expression has at most 4096 characters; this one has 4097."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "magic(@)",
            "There is no function magic; there are abs, add, avg, ceil, contains, default, digest, ",
        ),
        ("a || b.magic(@)", "There is no function magic; "),
        ("join(@)", "The function join takes 2 arguments; this call has 1."),
        ("length()", "The function length takes 1 argument; this call has 0."),
        ("not_null()", "The function not_null takes at least 1 argument; this call has 0."),
        ("map(@, @)", "Argument 1 of the function map must be an expression reference, as &name."),
        ("to_string(&a)", "Argument 1 of the function to_string must be a value, without &."),
        ("[&a]", "An expression reference, as &name, is allowed only as an argument of a function."),
        ("&a", "An expression reference, as &name, is allowed only as an argument of a function."),
        ("a[::0]", "The step of a slice must not be 0."),
        ("a.b c", "This is not a JMESPath expression: it breaks at character 5."),
    ],
)
def test_says_where_an_expression_is_wrong_and_what_there_is(text, sentence):
    assert (check_expression(text, Budget()) or "").startswith(sentence)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=9))
@settings(REPEATABLE, max_examples=1_000)
def test_text_of_any_tokens_is_taken_or_refused(tokens):
    check_expression("".join(tokens), Budget())


@pytest.mark.parametrize(("value", "truthy"), [(None, False), (False, False), ("", False), ([], False), ({}, False)])
def test_tells_empty_values_apart(value, truthy):
    assert is_truthy(value) is truthy


@pytest.mark.parametrize("value", [0, True, "no", [0], {"a": None}])
def test_takes_everything_else_for_true(value):
    assert is_truthy(value)
