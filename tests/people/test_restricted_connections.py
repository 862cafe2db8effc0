"""Shared connections of restricted integrations, and their history: hidden from everybody who does not see those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from models.vocabulary import Permission
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.people.documents import PROBLEM

HELD = (
    *(Permission.CONNECTIONS_READ, Permission.CONNECTIONS_WRITE, Permission.AUDIT_READ, Permission.EVENTS_READ),
    *(Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE),
)
MADE = {
    "createIntegration": "... on IntegrationPayload { integration { id } }",
    "createConnection": "... on ConnectionPayload { connection { id databaseId } }",
}
LISTED = """query($search: String, $ids: [ID!]!) {
  connections(filter: {search: $search}) { totalCount nodes { name } }
  nodes(ids: $ids) { __typename ... on ConnectedAccount { name } } }"""
HISTORY = """{ auditEntries(first: 100) { nodes { action resourceName changes { newValue oldValue } } }
  events(first: 100) { nodes { type entityId } } }"""
OF_ONE = """query($id: ID!) {
  node(id: $id) { ... on Integration { auditEntries(first: 100) { nodes { action } } } } }"""
AUTH = {"type": "API_KEY", "apiBaseUrl": "http://127.0.0.1:9"}


@dataclass(frozen=True, kw_only=True)
class Payroll:
    """A restricted integration, an open one, the id of the restricted one's shared connection; admin and user."""

    admin: GraphQL
    eve: GraphQL
    eve_id: str
    restricted: str
    open: str
    connection: str
    row_id: str

    async def seen(self, client: GraphQL) -> tuple[int, list[str], str | None]:
        """Count, names and node of the connection, as a client sees them."""
        answer = await client.query(LISTED, search="payroll", ids=[self.connection])
        page, (found,) = answer["connections"], answer["nodes"]
        return page["totalCount"], [node["name"] for node in page["nodes"]], found and found["name"]


async def do(client: GraphQL, field: str, given: Any) -> dict[str, Any]:
    kind, name = ("ID", "id") if isinstance(given, str) else (f"{field[0].upper()}{field[1:]}Input", "input")
    document = f"mutation($given: {kind}!) {{ {field}({name}: $given) {{ {PROBLEM} {MADE.get(field, '')} }} }}"
    return (await client.query(document, given=given))[field]


@pytest.fixture
async def payroll(organization) -> Payroll:
    admin, eve_id = organization.client, await organization.add_user("eve", *HELD)
    new = [{"name": access.title(), "access": access, "auth": AUTH} for access in ("RESTRICTED", "ORGANIZATION")]
    made = [await do(admin, "createIntegration", one) for one in new]
    restricted, public = (one["integration"]["id"] for one in made)
    named = {"integrationId": restricted, "name": "Payroll", "secret": {"apiKey": "k-4711-4711"}, "mode": "SHARED"}
    connection = (await do(admin, "createConnection", named))["connection"]
    return Payroll(
        admin=admin,
        eve=await organization.signed_in(*HELD, username="eve"),
        eve_id=eve_id,
        restricted=restricted,
        open=public,
        connection=connection["id"],
        row_id=connection["databaseId"],
    )


@both
async def test_a_shared_connection_is_seen_where_one_of_its_integrations_is(payroll):
    hidden, seen = (0, [], None), (1, ["Payroll"], "Payroll")
    at_open = {"integrationId": payroll.open, "connectionIds": [payroll.connection]}

    only_restricted = await payroll.seen(payroll.eve)
    await do(payroll.admin, "registerConnections", at_open)
    also_open = await payroll.seen(payroll.eve)
    detached = {"integrationId": payroll.open, "connectionId": payroll.connection}
    await do(payroll.admin, "unregisterConnection", detached)
    again = await payroll.seen(payroll.eve)
    share = {"integrationId": payroll.restricted, "principalId": payroll.eve_id}
    await do(payroll.admin, "shareIntegration", share)
    shared = await payroll.seen(payroll.eve)

    assert [only_restricted, also_open, again, shared] == [hidden, seen, hidden, seen]
    assert await payroll.seen(payroll.admin) == seen


@pytest.mark.parametrize(
    ("field", "input"),
    [
        ("updateConnection", {"id": "$", "name": "Mine"}),
        ("deleteConnection", "$"),
        ("testConnection", "$"),
        ("registerConnections", {"integrationId": "open", "connectionIds": ["$"]}),
        ("unregisterConnection", {"integrationId": "open", "connectionId": "$"}),
    ],
)
async def test_a_hidden_connection_does_not_exist_for_changes(field, input, payroll, organization, database):
    words = {"$": payroll.connection, "open": payroll.open}
    given = (
        words[input]
        if isinstance(input, str)
        else {
            name: [words[one] for one in value] if isinstance(value, list) else words.get(value, value)
            for name, value in input.items()
        }
    )
    before = await snapshot(database, organization.id)

    refused = await do(payroll.eve, field, given)

    assert refused["code"] == "NOT_FOUND"
    assert changes(before, await snapshot(database, organization.id)) == []


@both
async def test_the_history_of_a_hidden_connection_is_hidden(payroll):
    key = {"secret": {"apiKey": "k-4712-4712"}}
    link = {"integrationIds": [payroll.open, payroll.restricted], "mode": "SHARED"}
    await do(payroll.admin, "updateConnection", {"id": payroll.connection, "name": "Payroll 2", **key})
    await do(payroll.admin, "createConnectSession", link)
    await do(payroll.admin, "deleteConnection", payroll.connection)

    theirs, all_of_it = await payroll.eve.query(HISTORY), await payroll.admin.query(HISTORY)

    actions = {"connection.created", "connection.updated", "connection.deleted", "connect_session.created"}
    of_integration = (await payroll.admin.query(OF_ONE, id=payroll.restricted))["node"]["auditEntries"]["nodes"]
    assert actions <= {one["action"] for one in of_integration}
    assert [one for one in theirs["auditEntries"]["nodes"] if one["action"].startswith("connect")] == []
    assert "Payroll" not in str(theirs)
    assert payroll.row_id in str(all_of_it["events"])
    assert payroll.row_id not in str(theirs["events"])


@both
@pytest.mark.parametrize(("level", "found"), [(None, False), ("VIEW", False), ("MANAGE", True)])
async def test_a_detached_connection_is_there_for_those_who_may_change_its_last_integration(payroll, level, found):
    share = {"integrationId": payroll.restricted, "principalId": payroll.eve_id, "level": level}
    if level is not None:
        await do(payroll.admin, "shareIntegration", share)
    detached = {"integrationId": payroll.restricted, "connectionId": payroll.connection}
    await do(payroll.admin, "unregisterConnection", detached)
    await do(payroll.admin, "updateConnection", {"id": payroll.connection, "name": "Payroll 3"})

    count, _, _ = await payroll.seen(payroll.eve)
    elsewhere = {"integrationId": payroll.open, "connectionIds": [payroll.connection]}
    registered = await do(payroll.eve, "registerConnections", elsewhere)
    history = await payroll.eve.query(HISTORY)

    assert (count, "code" in registered, "Payroll 3" in str(history)) == (int(found), not found, level is not None)
    assert (await payroll.seen(payroll.admin))[0] == 1


async def test_a_connection_that_is_detached_from_an_open_integration_stays_everybodys(payroll):
    named = {"integrationId": payroll.open, "name": "Open one", "secret": {"apiKey": "k"}, "mode": "SHARED"}
    made = (await do(payroll.admin, "createConnection", named))["connection"]["id"]

    await do(payroll.admin, "unregisterConnection", {"integrationId": payroll.open, "connectionId": made})

    assert (await payroll.eve.query(LISTED, search="open one", ids=[made]))["connections"]["totalCount"] == 1


async def test_a_shared_connection_for_no_integration_is_its_makers(payroll):
    loose = {"name": "Loose", "secret": {"apiKey": "k-4713-4713"}, "mode": "SHARED"}
    theirs = (await do(payroll.admin, "createConnection", loose))["connection"]["id"]
    own = (await do(payroll.eve, "createConnection", loose))["connection"]["id"]

    seen = await payroll.eve.query(LISTED, search="loose", ids=[theirs, own])
    all_of_them = await payroll.admin.query(LISTED, search="loose", ids=[theirs, own])

    assert (seen["connections"]["totalCount"], [bool(one) for one in seen["nodes"]]) == (1, [False, True])
    assert all_of_them["connections"]["totalCount"] == 2


@both
async def test_the_history_of_a_connection_for_no_integration_is_its_actors(payroll):
    loose = {"name": "Loose", "secret": {"apiKey": "k-4713-4713"}, "mode": "SHARED"}
    theirs = (await do(payroll.admin, "createConnection", loose))["connection"]
    own = (await do(payroll.eve, "createConnection", loose | {"name": "Eve's"}))["connection"]
    await do(payroll.admin, "deleteConnection", theirs["id"])

    told, whole = str(await payroll.eve.query(HISTORY)), str(await payroll.admin.query(HISTORY))

    assert ("Loose" in told, theirs["databaseId"] in told) == (False, False)
    assert (told.count("connection.created"), own["databaseId"] in told) == (1, True)
    assert ("Loose" in whole, theirs["databaseId"] in whole) == (True, True)
