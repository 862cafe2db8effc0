"""Requests whose variables have very many values: counted before anything is coerced, and for every use."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema

from schema.door.admission import Admission, Method
from schema.door.limits import Limits
from schema.door.refusal import Refused
from tests.door.gate import admit, refused
from tests.door.server import Door
from tests.door.toy import toy_schema

ORDER = "query ($order: Order!) { parts(order: $order) }"
PART_VALUES = 1 + 1 + 5  # the member of the list, its one member, the fields that its type declares
MOST = 100_000
ENOUGH = MOST // PART_VALUES + 1


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return toy_schema()._schema


def order(parts: int, **more: Any) -> dict[str, Any]:
    return {"order": {"parts": [{"name": "a", **more} for _ in range(parts)]}}


def limited(schema: GraphQLSchema, most: int, query: str, variables: dict[str, Any]) -> str | None:
    """The sentence of the refusal with another limit of values; None if the request is admitted."""
    try:
        Admission(Limits(values=most)).admit(schema, query, variables, None, method=Method.POST)
    except Refused as refusal:
        (error,) = refusal.errors
        assert error.extensions == {"code": "TOO_COSTLY"}
        return error.message
    return None


def test_refuses_very_many_values_before_they_are_coerced(schema: GraphQLSchema) -> None:
    variables = order(ENOUGH)
    variables["order"]["parts"].append({"name": 7})  # the error that coercion would find

    code, message, _ = refused(schema, ORDER, variables)

    assert (code, message) == (
        "TOO_COSTLY",
        "The variables have at least 100001 values with $order; 100000 are allowed. Members of lists and objects"
        " count, and the fields that an input type declares. Send fewer, or send them in several requests.",
    )


def test_admits_500_objects_with_10_objects_each(schema: GraphQLSchema) -> None:
    admitted = admit(schema, ORDER, order(5_000, amount=2))

    assert sum(admitted.counts.values()) < MOST


@pytest.mark.parametrize(
    ("query", "variables", "values"),
    [
        (ORDER, order(3), 5 + 3 * PART_VALUES),
        (ORDER, order(3, notes=["a"] * 5), 5 + 3 * (PART_VALUES + 1 + 5)),
        (ORDER, {"order": {"parts": {"name": "one, which is a list of one"}}}, 5 + PART_VALUES),
        (ORDER, order(1, facts=[0] * 2_560), 5 + PART_VALUES + 1 + 20),
        ("query ($v: JSON!) { echo(value: $v) }", {"v": {"a": [1] * 100}}, 2),
        ("query ($v: [ID!]! = [1, 2, 3]) { nodes(ids: $v) { id } }", {}, 5),
        ("query ($v: [ID!]!) { a: nodes(ids: $v) { id } ...F } fragment F on Query { b: nodes(ids: $v) { id } }",
         {"v": ["1", "2"]}, 2 * 4),
        ("query ($v: JSON!) { echo(value: {a: [$v, $v]}) }", {"v": 1}, 6),
        ("query ($v: JSON!) { echo(value: [$v, $v]) }", {"v": ["x" * 2_557]}, 3 + 2 * 11),
        ("query ($v: [String!]!) { things(first: 10) { nodes { known(names: $v) } } }", {"v": ["a"] * 3}, 1 + 10 * 5),
        ("query ($v: [String!]!, $n: Int) { things(first: $n) { nodes { known(names: $v) } } }",
         {"v": ["a"] * 3, "n": 7}, 2 + 7 * 5),
        ('{ things(first: 10) { nodes { known(names: ["a", "b"]) } } }', {}, 1 + 10 * 3),
    ],
)  # fmt: skip
def test_counts_each_value_as_often_as_an_argument_takes_it(
    schema: GraphQLSchema, query: str, variables: dict[str, Any], values: int
) -> None:
    assert limited(schema, values, query, variables) is None

    sentence = limited(schema, values - 1, query, variables) or ""
    assert f" {values} values" in sentence


def test_refuses_one_variable_for_every_alias_before_executing(door: Door) -> None:
    query = "query ($order: Order!) { " + " ".join(f"p{n}: parts(order: $order)" for n in range(40)) + "}"

    answer = door.post(query, variables=order(500))

    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "TOO_COSTLY"}
    assert error["message"].startswith("The arguments take 140200 values; 100000 are allowed. A variable counts")
    assert "data" not in answer.json()


def test_refuses_a_very_long_list_of_scalars(schema: GraphQLSchema) -> None:
    query = "query ($v: [ID!]!) { nodes(ids: $v) { id } }"

    code, message, _ = refused(schema, query, {"v": ["1"] * 10_001})

    assert (code, message) == ("TOO_COSTLY", "A list in $v has 10001 members; 10000 are allowed. Send fewer.")
    assert admit(schema, query, {"v": ["1"] * 10_000}).counts == {"v": 10_001}


def test_many_values_are_coerced_and_converted_outside_of_the_event_loop(door: Door) -> None:
    few, many = (door.post(ORDER, variables=order(count, coerced="")) for count in (3, 3_000))

    (loop,) = few.json()["data"]["parts"]
    (other,) = many.json()["data"]["parts"]
    assert (loop.startswith("graphql"), other) == (False, "graphql_0")
