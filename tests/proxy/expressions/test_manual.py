"""The manual's page on expressions: its examples have the results that it shows, and it has every function."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from proxy.expressions import Budget, evaluate
from proxy.expressions.own import OWN
from proxy.expressions.own_times import READ, WRITTEN
from proxy.inputs.exact import write_json

PAGE = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text()
EXAMPLES = re.findall(r"^\| `(.+?)` \| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("expression", "value", "result"), EXAMPLES)
def test_each_example_has_its_result(expression, value, result):
    found = evaluate(expression, json.loads(value), Budget(), strict=True)

    assert write_json(found) == write_json(json.loads(result))


def test_each_function_has_a_line_and_an_example():
    explained = re.findall(r"^\| `(\w+)\(.*?\)` \| [A-Z]", PAGE, re.MULTILINE)

    assert explained == sorted(OWN)
    assert {expression.partition("(")[0] for expression, _, _ in EXAMPLES} == set(OWN)


def test_each_directive_of_a_format_is_named():
    named = set(re.findall("%(.)", PAGE.partition("Formats of times have ")[2].partition("## ")[0]))

    assert named == WRITTEN == READ | {"L"}
