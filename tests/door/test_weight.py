"""What a document weighs, counted from graphql-core's types alone."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, get_introspection_query, parse

from schema.door.admission import Admission, Method
from schema.door.limits import Cost, Limits
from schema.door.refusal import Refused
from schema.door.scales import Scales
from schema.door.weight import Weight

SDL = """
    type Query {
      viewer: User
      nodes(ids: [ID!]!): [Repository!]!
      ping: String
    }
    type User {
      login: String
      repositories(first: Int, last: Int): RepositoryConnection
      followers(first: Int, last: Int): UserConnection
      connectedAccount: ConnectedAccount
    }
    type Repository {
      name: String
      owner: User
      issues(first: Int, last: Int): IssueConnection
      pullRequests(first: Int, last: Int): PullRequestConnection
    }
    type Issue { title: String bodyHTML: String comments(first: Int, last: Int): CommentConnection }
    type PullRequest { title: String comments(first: Int, last: Int): CommentConnection }
    type Comment { bodyHTML: String }
    type ConnectedAccount { name: String }
    type PageInfo { hasNextPage: Boolean }
    type UserConnection { edges: [UserEdge] totalCount: Int pageInfo: PageInfo }
    type UserEdge { node: User }
    type RepositoryConnection { edges: [RepositoryEdge] nodes: [Repository] pageInfo: PageInfo }
    type RepositoryEdge { node: Repository }
    type IssueConnection { edges: [IssueEdge] totalCount: Int pageInfo: PageInfo }
    type IssueEdge { node: Issue }
    type PullRequestConnection { edges: [PullRequestEdge] totalCount: Int }
    type PullRequestEdge { node: PullRequest }
    type CommentConnection { edges: [CommentEdge] totalCount: Int }
    type CommentEdge { node: Comment }
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL)


def cost(schema: GraphQLSchema, query: str, variables: dict[str, Any] | None = None) -> Cost:
    return Admission(Limits()).admit(schema, query, variables, None, method=Method.POST).cost


def weight(schema: GraphQLSchema, query: str) -> Weight:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return Scales(schema, document, Limits()).weigh(operation)


# GitHub, "Rate limits and query limits for the GraphQL API", Node limit.
GITHUB_SIMPLE = """
    query {
      viewer {
        repositories(first: 50) {
          edges {
            repository: node {
              name
              issues(first: 10) { totalCount edges { node { title bodyHTML } } }
            }
          }
        }
      }
    }
"""
GITHUB_COMPLEX = """
    query {
      viewer {
        repositories(first: 50) {
          edges {
            repository: node {
              name
              pullRequests(first: 20) {
                edges {
                  pullRequest: node { title comments(first: 10) { edges { comment: node { bodyHTML } } } }
                }
              }
              issues(first: 20) {
                totalCount
                edges {
                  issue: node { title bodyHTML comments(first: 10) { edges { comment: node { bodyHTML } } } }
                }
              }
            }
          }
        }
        followers(first: 10) { edges { follower: node { login } } }
      }
    }
"""


def test_counts_the_nodes_of_githubs_simple_example(schema: GraphQLSchema) -> None:
    assert cost(schema, GITHUB_SIMPLE) == Cost(requested=1 + 1 + 50, nodes=550, depth=8)


def test_counts_the_nodes_of_githubs_complex_example(schema: GraphQLSchema) -> None:
    look_ups = 1 + 1 + 50 + 50 + 50 * 20 + 50 * 20 + 1

    assert cost(schema, GITHUB_COMPLEX) == Cost(requested=look_ups, nodes=22_060, depth=11)


@pytest.mark.parametrize(
    ("arguments", "nodes"),
    [
        ("(first: 7)", 7),
        ("(last: 7)", 7),
        ("(first: 7, last: 9)", 9),
        ("", 20),
        ("(first: null)", 20),
        ("(first: 1)", 1),
        ("(first: 100)", 100),
    ],
)
def test_a_page_counts_its_size(schema: GraphQLSchema, arguments: str, nodes: int) -> None:
    assert cost(schema, f"{{ viewer {{ followers{arguments} {{ totalCount }} }} }}").nodes == nodes


def test_sizes_come_from_variables_their_defaults_or_the_usual_page(schema: GraphQLSchema) -> None:
    query = """query($n: Int = 30) {
      viewer { repositories(first: $n) { nodes { issues(first: $n) { totalCount } } } }
    }"""

    assert cost(schema, query, {"n": 5}).nodes == 5 + 25
    assert cost(schema, query).nodes == 30 + 900
    assert cost(schema, query, {"n": None}).nodes == 20 + 400


def test_a_page_of_fixed_size_multiplies_what_variables_size_inside(schema: GraphQLSchema) -> None:
    query = "query($n: Int) { viewer { repositories(first: 4) { nodes { issues(first: $n) { totalCount } } } } }"

    assert cost(schema, query, {"n": 3}) == Cost(requested=1 + 1 + 4, nodes=4 + 12, depth=5)


def test_a_list_by_ids_counts_the_ids(schema: GraphQLSchema) -> None:
    inside = "{ issues(first: 3) { totalCount } }"

    assert cost(schema, '{ nodes(ids: ["1", "2"])' + inside + "}").nodes == 2 + 6
    by_variable = "query($ids: [ID!]!) { nodes(ids: $ids)" + inside + "}"
    assert cost(schema, by_variable, {"ids": ["1", "2", "3"]}).nodes == 3 + 9
    assert cost(schema, by_variable, {"ids": "1"}).nodes == 1 + 3


def test_a_type_that_only_looks_like_a_connection_is_none(schema: GraphQLSchema) -> None:
    assert cost(schema, "{ viewer { connectedAccount { name } } }") == Cost(requested=2, nodes=0, depth=3)


def test_a_fields_own_cost_is_multiplied_by_the_rows_around_it() -> None:
    schema = build_schema(SDL)
    schema.type_map["Repository"].fields["name"].extensions["cost"] = 10

    assert cost(schema, "{ viewer { repositories(first: 3) { nodes { name } } } }").requested == 1 + 1 + 3 * 10


def test_a_fragment_weighs_the_same_as_what_it_stands_for(schema: GraphQLSchema) -> None:
    plain = weight(
        schema,
        "{ viewer { a: followers(first: 3) { totalCount } } again: viewer { followers { totalCount } } }",
    )
    spread = weight(
        schema,
        """{ ...A again: viewer { ... on User { followers { ...Count } } } }
        fragment A on Query { viewer { ... { a: followers(first: 3) { ...Count } } } }
        fragment Count on UserConnection { totalCount }""",
    )

    plain.nesting = spread.nesting = 0
    assert plain == spread


def test_weighs_doubling_fragments_without_walking_them(schema: GraphQLSchema) -> None:
    fragments = [f"fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(12)]

    doubled = weight(schema, "{ viewer { ...F0 } } fragment F12 on User { login } " + " ".join(fragments))

    assert doubled.fields == 2**12 + 1


def test_introspection_is_weighed_apart(schema: GraphQLSchema) -> None:
    query = get_introspection_query(input_value_deprecation=True, specified_by_url=True, schema_description=True)

    introspected = weight(schema, query)

    assert (introspected.depth, introspected.fields, introspected.cost, introspected.nodes) == (1, 1, 0, 0)
    assert 100 < introspected.introspection_fields <= 300
    assert introspected.introspection_depth == 14


def test_unknown_fields_and_fragments_are_left_to_validation(schema: GraphQLSchema) -> None:
    with pytest.raises(Refused) as refused:
        cost(schema, "{ nothing { here { ...Missing } } }")

    assert {error.extensions["code"] for error in refused.value.errors} == {"BAD_REQUEST"}
