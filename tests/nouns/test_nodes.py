"""Things by global id: in the order asked, null where there is none, at most 100; and documents admitted."""

from __future__ import annotations

import base64

import pytest
from graphql import get_introspection_query

from models.row import Row
from models.tables import Registration
from schema.kit.node import TABLES, node
from tests.harness.acting import act, global_id
from tests.harness.graphql import GraphQLFailed

NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
INTEGRATION_FIELDS = """id name description category vendor state ownedByViewer publisher { name }
  installation { status } connection { status } auth { headers { name value } }
  capabilities(first: 10) { totalCount nodes { id name inputs { name } availability { available reason } } }
  connections(first: 5) { nodes { id name status } } events(first: 5) { nodes { id type } }
  auditEntries(first: 5) { nodes { action actor { displayName } } }"""


async def test_answers_things_in_the_order_asked(organization, new_organization) -> None:
    stranger = await new_organization()
    mine = await act(organization.client, "createIntegration", {"name": "A"}, "id databaseId installation { id }")
    theirs = await act(stranger.client, "createIntegration", {"name": "B"})
    ids = [
        mine["installation"]["id"],
        "rubbish",
        mine["id"],
        theirs["id"],
        mine["databaseId"],
        global_id("Connection", mine["databaseId"]),
        global_id("Query", mine["databaseId"]),
        global_id("Capability", mine["databaseId"]),
        base64.b64encode(b"Integration:1 OR 1=1").decode(),
        "",
        mine["id"],
    ]

    nodes = (await organization.client.query(NODES, ids=ids))["nodes"]

    integration = {"__typename": "Integration", "id": mine["id"]}
    installation = {"__typename": "Installation", "id": mine["installation"]["id"]}
    assert nodes == [installation, None, integration, *[None] * 7, integration]


def test_a_node_is_declared_over_a_table_that_says_which_permission_its_reading_needs() -> None:
    with pytest.raises(TypeError, match="Registration is a node, so its table needs a read_permission"):
        node(Registration)

    assert Registration not in TABLES.values()


def test_every_table_with_a_permission_to_read_it_is_a_node() -> None:
    declared = {table for table in _below(Row) if hasattr(table, "read_permission")}

    assert len(declared) >= 17
    assert declared - set(TABLES.values()) == set()


@pytest.mark.parametrize("count", [0, 100])
async def test_answers_as_many_as_are_asked(organization, count) -> None:
    assert (await organization.client.query(NODES, ids=["x"] * count))["nodes"] == [None] * count


async def test_refuses_more_than_100(organization) -> None:
    with pytest.raises(GraphQLFailed) as failed:
        await organization.client.query(NODES, ids=["x"] * 101)

    assert failed.value.codes == ["INVALID_INPUT"]
    assert failed.value.answer["errors"][0]["extensions"]["inputPath"] == ["ids"]


async def test_answers_what_graphiql_asks_first(organization) -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )

    schema = (await organization.client.query(query))["__schema"]

    assert {"Integration", "Dispatch", "ConnectedAccount"} <= {kind["name"] for kind in schema["types"]}


async def test_answers_a_rich_screen(organization) -> None:
    await act(organization.client, "createIntegration", {"name": "A", "secret": {"apiKey": "k"}})
    query = f"{{ integrations(first: 24) {{ totalCount nodes {{ {INTEGRATION_FIELDS} }} }} }}"

    answer = (await organization.client.raw(query)).json()

    assert answer["data"]["integrations"]["totalCount"] == 1
    assert "errors" not in answer
    assert answer["extensions"]["cost"]["nodes"] < 5_000


async def test_refuses_500001_nodes_and_says_what_they_cost(organization) -> None:
    rich = (
        "{ integrations(first: 100) { nodes { capabilities(first: 50) { nodes { dispatches(first: 98) { nodes { id } "
        "} } } } } more: integrations(first: 49) { nodes { capabilities(first: 99) { nodes { id } } } } %s }"
    )

    answer = (await organization.client.raw(rich % "events(first: 1) { nodes { id } }")).json()
    (error,) = answer["errors"]
    fits = (await organization.client.raw(rich % "")).json()

    assert error["extensions"]["code"] == "TOO_COSTLY"
    assert answer["extensions"]["cost"]["nodes"] == 500_001
    assert "data" not in answer
    assert fits["extensions"]["cost"]["nodes"] == 500_000
    assert "errors" not in fits


def _below(kind: type) -> set[type]:
    return {one for inner in kind.__subclasses__() for one in (inner, *_below(inner))}
