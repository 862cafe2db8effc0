"""JMESPath expressions of definitions, limited to those that are safe on a remote service's answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

_LONGEST: Final = 300
_MOST_SELECTED: Final = 6
_KNOWN: Final = """
    contains ends_with join keys length max min not_null reverse sort starts_with to_array to_number to_string
    type values
"""
_FUNCTIONS: Final = frozenset(_KNOWN.split())


def check_expression(text: str) -> str | None:
    """Why an expression is refused; None if it is allowed.

    Expressions that make a small answer large are refused: `[@, @][]` doubles its list, so the number of members is
    limited; the first argument of `join` must be a literal; functions that take expressions are not allowed.
    """
    if len(text) > _LONGEST:
        return f"An expression has at most {_LONGEST} characters."
    try:
        nodes = list(_nodes(_compiled(text).parsed))
    except (JMESPathError, RecursionError):
        return "This is not a JMESPath expression."
    for node in nodes:
        if node["type"] == "function_expression" and (problem := _function_problem(node)):
            return problem
    if sum(len(node["children"]) for node in nodes if node["type"].startswith("multi_select")) > _MOST_SELECTED:
        return f"All lists and objects of an expression together have at most {_MOST_SELECTED} members."
    return None


def evaluate(text: str, value: object) -> Any:
    """The result of a checked expression on a value; None also if it does not fit the value."""
    try:
        return _compiled(text).search(value)
    except (JMESPathError, RecursionError, TypeError):
        return None


def is_truthy(value: object) -> bool:
    """Whether a value is true by JMESPath's rule: not false, null, or an empty text, list or object; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


@lru_cache(maxsize=1024)
def _compiled(text: str) -> ParsedResult:
    return jmespath.compile(text)


def _nodes(root: Any) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += node["children"]


def _function_problem(node: Any) -> str | None:
    if node["value"] not in _FUNCTIONS:
        return f"The function {node['value']} is not allowed; allowed are {', '.join(sorted(_FUNCTIONS))}."
    if node["value"] == "join" and (not node["children"] or node["children"][0]["type"] != "literal"):
        return "The first argument of join must be a literal, as in join(' ', …)."
    return None
