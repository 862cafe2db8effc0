"""Any schema, on any value, ends in time with a verdict; and a child process has the verdict of this one."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from proxy.inputs import Apart, Validator, check_any_schema
from proxy.inputs.apart import CPU_SECONDS
from tests.harness.effort import effort

#: Seconds of this process's CPU. A fifth of a child's limit is usual, and some would take minutes here.
HERE = 5 * CPU_SECONDS
NAMES = st.sampled_from(["a", "b", "c"])
REGEXES = st.sampled_from(
    [
        "^a+$",
        "(a|aa)+$",
        r"(\w+\s?)+z",
        r"((\w|\d|.){1,12}){1,12}z",
        r"(?=(\w+\s?)+$)z",
        r"(a)\1",
        "(",
        r"\p{L}{1,60}",
    ]
)
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b"]).map(lambda target: {"$ref": target})
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e300, 1e300) | st.text("ab 1é", max_size=4)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=8
)


def combined(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Schemas of one or two keywords around `inner`."""
    few, named = st.lists(inner, min_size=1, max_size=2), st.dictionaries(NAMES, inner, max_size=2)
    keywords = st.fixed_dictionaries(
        {},
        optional={
            "items": inner,
            "contains": inner,
            "prefixItems": few,
            "properties": named,
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(REGEXES, inner, max_size=1),
            "dependentSchemas": named,
            "allOf": few,
            "anyOf": few,
            "oneOf": few,
            "not": inner,
            "if": inner,
            "then": inner,
            "unevaluatedItems": inner,
            "unevaluatedProperties": inner,
        },
    )
    return keywords.filter(lambda schema: len(schema) <= 3)


LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["array", "object", "string", "number"]),
        "pattern": REGEXES,
        "enum": st.lists(SCALARS, min_size=1, max_size=4),
        "multipleOf": st.sampled_from([1e-300, 1e-15, 0.01, 3]),
        "uniqueItems": st.just(True),
        "required": st.lists(NAMES, unique=True),
    },
)
PARTS: st.SearchStrategy = st.deferred(lambda: LEAVES | REFERENCES | combined(PARTS))
SCHEMAS = st.builds(lambda root, a, b: root | {"$defs": {"a": a, "b": b}}, PARTS, PARTS, PARTS)
#: Ways to make a hostile value of a small one.
GROWN = {
    "as it is": lambda value: value,
    "deep": lambda value: nested(value, 60),
    "wide": lambda value: [value] * (100_000 // (1 + len(orjson.dumps(value)))),
    "wide below": lambda value: {"a": [value] * 5_000},
    "long": lambda value: {"a": orjson.dumps(value).decode() * 2_000},
    "many names": lambda value: {f"a{i}": value for i in range(3_000)},
}


def nested(value: object, depth: int) -> object:
    for level in range(depth):
        value = [value] if level % 3 else {"a": value, "b": [value]} if level < 9 else {"a": value}
    return value


RUNNER = asyncio.Runner()
REPEATABLE = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def apart():
    made = Apart()
    yield made
    RUNNER.run(made.close())


@given(schema=SCHEMAS, value=VALUES, grown=st.sampled_from(sorted(GROWN)))
@example(schema={"items": {"not": {"enum": [{"a": i} for i in range(3_000)]}}}, value={"a": -1}, grown="wide")
@REPEATABLE
def test_any_schema_on_any_value_ends_in_time(apart, schema, value, grown):
    value = GROWN[grown](value)
    validator = Validator.of(schema)

    with effort() as spent:
        violations = RUNNER.run(validator.violations(apart, value, ("inputs",), lane="acme"))

    assert spent.seconds < HERE
    assert all(fault.message for fault in violations)
    assert len(violations) <= 200


@given(schema=SCHEMAS, value=VALUES)
@REPEATABLE
def test_a_child_has_the_verdict_of_this_process(apart, schema, value):
    assume(not check_any_schema(schema))
    validator = Validator.of(schema)
    at_once = validator.at_once(value, ("inputs",))
    assume(at_once is not None)

    faults = RUNNER.run(apart.faults(validator.source, orjson.dumps(value), lane="acme"))

    assert [fault.message for fault in at_once] == [message for _, message in faults]
