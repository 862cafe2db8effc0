"""Documents made to be costly are refused before anything is executed, and quickly."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema

from tests.door.gate import admit, aliased, refused
from tests.door.server import Door
from tests.door.toy import toy_schema

#: Seconds of CPU that nothing bounded comes near on a slow machine, and that nothing exponential stays below.
PROMPT = 5.0


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return toy_schema()._schema


def doubling(count: int, both: str = "...NEXT ...NEXT") -> str:
    """F0 spreads F1 twice, which spreads F2 twice, and so on."""
    fragments = [f"fragment F{n} on Thing {{ {both.replace('NEXT', f'F{n + 1}')} }}" for n in range(count)]
    return "{ thing { ...F0 } } " + " ".join(fragments) + f" fragment F{count} on Thing {{ name }}"


def nested(depth: int) -> str:
    return "{ thing { " + "parent { " * (depth - 2) + "name" + " }" * depth


@pytest.mark.parametrize("unused", [False, True])
def test_refuses_fragments_that_double_31_times(schema: GraphQLSchema, unused: bool) -> None:
    query = doubling(31).replace("{ thing { ...F0 } }", "{ hello }") if unused else doubling(31)
    admit(schema, "{ hello }")  # a schema resolves its types once

    code, message, seconds = refused(schema, query)

    assert len(query) < 1_500
    assert (code, message) == ("TOO_COSTLY", "The document selects more than 5000 fields.")
    assert seconds < PROMPT


def test_weighs_doubling_fragments_that_come_to_nothing_once_each(schema: GraphQLSchema) -> None:
    query = doubling(31).replace("F31 on Thing { name }", "F31 on Thing { ...Missing }")

    code, message, seconds = refused(schema, query)

    assert (code, message) == ("BAD_REQUEST", "Unknown fragment 'Missing'.")
    assert seconds < PROMPT


def test_refuses_fragments_that_double_in_depth(schema: GraphQLSchema) -> None:
    code, _, seconds = refused(schema, doubling(31, "parent { ...NEXT } other: parent { ...NEXT }"))

    assert code == "TOO_COSTLY"
    assert seconds < PROMPT


def test_refuses_a_million_tokens(schema: GraphQLSchema) -> None:
    code, message, seconds = refused(schema, "{" + "hello " * 1_000_000 + "}")

    assert (code, "more than 2000 tokens" in message) == ("TOO_COSTLY", True)
    assert seconds < PROMPT


def test_refuses_a_million_comments(schema: GraphQLSchema) -> None:
    code, _, seconds = refused(schema, "#\n" * 400_000 + "{ hello }")

    assert code == "TOO_COSTLY"
    assert seconds < PROMPT


@pytest.mark.parametrize("depth", [21, 90, 150, 199, 250, 5_000, 200_000])
def test_refuses_depth(schema: GraphQLSchema, depth: int) -> None:
    code, _, seconds = refused(schema, nested(depth))

    assert code == "TOO_COSTLY"
    assert seconds < PROMPT


def test_admits_the_deepest_that_is_allowed(schema: GraphQLSchema) -> None:
    assert admit(schema, nested(20)).cost.depth == 20


@pytest.mark.parametrize("depth", [5_000, 200_000])
def test_refuses_deep_values(schema: GraphQLSchema, depth: int) -> None:
    code, _, _ = refused(schema, "{ echo(value: " + "[" * depth + "]" * depth + ") }")

    assert code == "TOO_COSTLY"


def test_refuses_deep_inline_fragments(schema: GraphQLSchema) -> None:
    code, message, _ = refused(schema, "{ thing " + "{ ... " * 150 + "{ name }" + " }" * 151)

    assert (code, message) == ("TOO_COSTLY", "Selections nest deeper than 100 levels.")


def test_lives_on_after_a_deep_document(door: Door) -> None:
    answer = door.post(nested(80_000))

    assert answer.json()["errors"][0]["extensions"] == {"code": "TOO_COSTLY"}
    assert door.post("{ hello }").json()["data"] == {"hello": "Hello, world!"}


@pytest.mark.parametrize("field", ["plan", "hello"])
def test_refuses_101_aliases(schema: GraphQLSchema, field: str) -> None:
    assert refused(schema, aliased(101, field))[:2] == (
        "TOO_COSTLY",
        "The operation has 101 aliases; 100 are allowed.",
    )


def test_admits_100_aliases_and_counts_the_cost_of_each(schema: GraphQLSchema) -> None:
    assert admit(schema, aliased(100, "plan")).cost.requested == 100_000


def test_refuses_aliases_that_fragments_repeat(schema: GraphQLSchema) -> None:
    query = aliased(20, "thing { ...F }") + " fragment F on Thing { a: name b: name c: name d: name e: name }"

    assert refused(schema, query)[:2] == ("TOO_COSTLY", "The operation has 120 aliases; 100 are allowed.")


def test_refuses_a_costly_field_on_many_rows() -> None:
    schema = toy_schema()._schema
    schema.type_map["Thing"].fields["name"].extensions["cost"] = 1_000

    code, message, _ = refused(schema, "query($n: Int) { things(first: $n) { nodes { name } } }", {"n": 100})

    assert code == "TOO_COSTLY"
    assert message == (
        "The operation asks for up to 100001 points of cost; 100000 are allowed. Ask for smaller pages."
    )


@pytest.mark.parametrize(
    "fragments",
    [
        "fragment A on Thing { ...A }",
        "fragment A on Thing { parent { ...B } } fragment B on Thing { ... { ...A } }",
    ],
)
@pytest.mark.parametrize("query", ["{ thing { ...A } }", "{ hello }"])
def test_refuses_a_cycle_of_fragments(schema: GraphQLSchema, query: str, fragments: str) -> None:
    assert refused(schema, query + fragments)[:2] == (
        "BAD_REQUEST",
        "Cannot spread fragment 'A' within itself.",
    )


@pytest.mark.parametrize("count", [120, 240, 2_000])
@pytest.mark.parametrize("backwards", [False, True])
def test_refuses_a_long_chain_of_fragments(schema: GraphQLSchema, count: int, backwards: bool) -> None:
    chain = [f"fragment F{n} on Thing {{ ...F{n + 1} }}" for n in range(count)]
    chain.append(f"fragment F{count} on Thing {{ name }}")

    query = "{ thing { ...F0 } } " + " ".join(reversed(chain) if backwards else chain)

    assert refused(schema, query)[0] == "TOO_COSTLY"


def test_bounds_the_comparison_of_fields_of_one_name(schema: GraphQLSchema) -> None:
    code, _, seconds = refused(schema, "{" + "thing { name } " * 450 + "}")

    assert code == "TOO_COSTLY"
    assert seconds < PROMPT


def test_refuses_too_many_nodes_before_executing_and_shows_the_cost(door: Door) -> None:
    query = """query($n: Int!) { things(first: 100) { nodes { things(first: 100) { nodes {
        things(first: $n) { nodes { name } } } } } } }"""

    refusal = door.post(query, variables={"n": 49}).json()
    answer = door.post(query, variables={"n": 48}).json()

    assert "data" not in refusal
    assert refusal["errors"][0]["extensions"] == {"code": "TOO_COSTLY"}
    assert refusal["extensions"]["cost"] == {"requested": 10_101, "nodes": 500_100, "depth": 7}
    assert answer == {
        "data": {"things": {"nodes": []}},
        "extensions": {"cost": {"requested": 10_101, "nodes": 490_100, "depth": 7}},
    }


@pytest.mark.parametrize("more", [0, 1])
def test_the_limit_of_nodes_is_exact(schema: GraphQLSchema, more: int) -> None:
    query = "{ things(first: 50) { nodes { things(first: 99) { nodes { things(first: 100) { totalCount } } } } } "

    if more:
        assert refused(schema, query + "one: things(first: 1) { totalCount } }")[0] == "TOO_COSTLY"
    else:
        assert admit(schema, query + "}").cost.nodes == 500_000


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("size", [-(2**63), -1, 0, 101, 500_001, 2**31 - 1, 2**31, 10**30])
@pytest.mark.parametrize(
    ("query", "by_variable"),
    [
        ("{ things(ARGUMENT: SIZE) { totalCount } }", False),
        ("query($n: Int) { things(ARGUMENT: $n) { totalCount } }", True),
        ("{ thing { parent { ...F } } } fragment F on Thing { a: things(ARGUMENT: SIZE) { totalCount } }", False),
        ("query($n: Int!) { things { nodes { ... { things(ARGUMENT: $n) { totalCount } } } } }", True),
        ("query($n: Int) { things(first: 7) { nodes { things { nodes { ...F } } } } }"
         " fragment F on Thing { things(ARGUMENT: $n) { totalCount } }", True),
        ("{ things(first: 100) { nodes { things(first: 100) { nodes { things(first: 100) { nodes {"
         " things(ARGUMENT: SIZE) { totalCount } } } } } } } }", False),
    ],
)  # fmt: skip
def test_a_page_of_no_size_that_there_is_is_refused_by_the_arguments_name(
    schema: GraphQLSchema, query: str, by_variable: bool, size: int, argument: str
) -> None:
    document = query.replace("ARGUMENT", argument).replace("SIZE", str(size))

    code, message, _ = refused(schema, document, {"n": size} if by_variable else None)

    assert (code, message) == ("INVALID_INPUT", f"{argument}: It must be between 1 and 100.")


def test_a_default_that_is_no_size_is_refused_where_it_counts(schema: GraphQLSchema) -> None:
    query = "query($n: Int = 101) { things(last: $n) { totalCount } }"

    refusal = refused(schema, query)[:2]

    assert refusal == ("INVALID_INPUT", "last: It must be between 1 and 100.")
    assert admit(schema, query, {"n": 100}).cost.nodes == 100
