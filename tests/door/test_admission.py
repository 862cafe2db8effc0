"""Which operation is executed, what is said of wrong documents, and what is remembered."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, get_introspection_query

from schema.door.admission import Admission, Method
from schema.door.limits import Limits
from schema.door.refusal import Refused
from tests.door.gate import aliased, refused
from tests.door.server import Door
from tests.door.toy import toy_schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return toy_schema()._schema


def test_executes_neither_of_two_operations_without_a_name(door: Door) -> None:
    query = "mutation A { add(number: 1) } mutation B { add(number: 2) }"

    unnamed, unknown, named = (door.post(query, operationName=name).json() for name in (None, "C", "B"))

    assert [each["errors"][0]["extensions"]["code"] for each in (unnamed, unknown)] == ["BAD_REQUEST"] * 2
    assert named["data"] == {"add": 2}
    assert door.added == [2]


def test_refuses_a_document_without_an_operation(door: Door) -> None:
    answer = door.post("fragment F on Thing { name }").json()

    assert {each["extensions"]["code"] for each in answer["errors"]} == {"BAD_REQUEST"}


def test_stops_at_20_errors_and_suggests_nothing(door: Door) -> None:
    query = "{ helo " + " ".join(f"field{n}" for n in range(500)) + " }"

    errors = door.post(query).json()["errors"]

    assert len(errors) == 20
    assert errors[0]["message"] == "Cannot query field 'helo' on type 'Query'."
    assert all("Did you mean" not in each["message"] for each in errors)
    assert {each["extensions"]["code"] for each in errors} == {"BAD_REQUEST"}


@pytest.mark.parametrize(
    "query",
    [
        "{ hello(nam: 1) }",
        "{ thing { nam } }",
        "{ ... on Thin { name } }",
        "{ hello @skp(if: true) }",
        "query($a: Strin) { hello(name: $a) }",
        "{ thing { ...Nam } } fragment Name on Thing { name }",
    ],
)
def test_never_suggests_names_of_the_schema(door: Door, query: str) -> None:
    errors = door.post(query).json()["errors"]

    assert errors
    assert all("Did you mean" not in each["message"] for each in errors)


def test_answers_the_canonical_introspection(door: Door) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )

    answer = door.post(query, operationName="IntrospectionQuery").json()

    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
    assert answer["extensions"]["cost"] == {"requested": 0, "nodes": 0, "depth": 1}


def test_bounds_introspection(schema: GraphQLSchema) -> None:
    whole = get_introspection_query()
    fragments = whole[whole.index("fragment") :]
    one = "__schema { types { ...FullType } directives { args { ...InputValue } } }"
    many = aliased(5, one) + fragments
    deep = "{ __schema { types { " + "ofType { " * 25 + "name" + " }" * 28

    assert "fields of introspection" in refused(schema, many)[1]
    assert "within fields of introspection" in refused(schema, deep)[1]


def test_bounds_lists_within_lists_of_introspection(schema: GraphQLSchema) -> None:
    query = "{ __schema { types { " + "fields { type { " * 4 + "name" + " }" * 11

    assert refused(schema, query)[1] == "Maximum introspection depth exceeded"


def test_refuses_a_lone_surrogate_in_a_document(schema: GraphQLSchema) -> None:
    codes = {refused(schema, query)[0] for query in ('{ hello(name: "\ud800") }', '{ hello(name: "\\ud800") }')}

    assert codes == {"BAD_REQUEST"}


def test_refuses_subscriptions_here(schema: GraphQLSchema) -> None:
    assert refused(schema, "subscription { hello }")[0] == "BAD_REQUEST"


def test_remembers_what_passed_and_nothing_else(schema: GraphQLSchema) -> None:
    admission = Admission(Limits(cached_tokens=40))

    first, again = (admission.admit(schema, "{ hello }", None, None, method=Method.POST) for _ in range(2))
    with pytest.raises(Refused):
        admission.admit(schema, "{ nothing }", None, None, method=Method.POST)
    for n in range(20):
        admission.admit(schema, f"{{ a{n}: hello }}", None, None, method=Method.POST)
    later = admission.admit(schema, "{ hello }", None, None, method=Method.POST)

    assert first.checked is again.checked
    assert first.checked is not later.checked
    assert sum(each.tokens for each in admission._known.values()) == admission._known_tokens <= 40


def test_a_document_is_checked_again_for_another_schema(schema: GraphQLSchema) -> None:
    admission = Admission(Limits())
    dearer = toy_schema()._schema
    dearer.type_map["Query"].fields["hello"].extensions["cost"] = 5

    cheap, dear = (admission.admit(each, "{ hello }", None, None, method=Method.POST) for each in (schema, dearer))

    assert (cheap.cost.requested, dear.cost.requested) == (0, 5)
