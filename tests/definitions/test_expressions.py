"""Expressions over what a remote service answers: safe ones only, and never an exception."""

from __future__ import annotations

import pytest

from resolvers.definitions.expression import check_expression, evaluate, is_truthy


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
    ],
)
def test_takes_expressions(text):
    assert check_expression(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a[", "a b", "(" * 290, "a" * 301, "magic(@)"),
        "map(&[@, @], @)",
        "join(to_string(@), @)",
        "[@, @][] | [@, @][] | [@, @][] | [@, @][]",
    ],
)
def test_refuses_what_is_none_or_makes_much_of_little(text):
    assert check_expression(text) is not None


def test_finds_what_is_there_and_nothing_where_it_does_not_fit():
    answer = {"user": {"id": 5, "names": ["Ada", "Lovelace"]}}

    assert evaluate("user.id", answer) == 5
    assert evaluate("join(' ', user.names)", answer) == "Ada Lovelace"
    assert evaluate("join(' ', user.id)", answer) is None
    assert evaluate("length(user.id)", answer) is None
    assert evaluate("user.id", "text") is None


@pytest.mark.parametrize(("value", "truthy"), [(None, False), (False, False), ("", False), ([], False), ({}, False)])
def test_tells_empty_values_apart(value, truthy):
    assert is_truthy(value) is truthy


@pytest.mark.parametrize("value", [0, True, "no", [0], {"a": None}])
def test_takes_everything_else_for_true(value):
    assert is_truthy(value)
