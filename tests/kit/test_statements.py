"""A nested read costs one statement for each edge of each level, however many rows there are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import resolvers
from models.vocabulary import ConnectionMode, HttpMethod
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import DeclareEventTypes, declare_event_types
from resolvers.capabilities.queries import CapabilityFilter, list_capabilities
from resolvers.connections.mutations import CreateConnection, create_connection
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.mutations import dispatch
from resolvers.events.mutations import EmitEvent, emit_event
from resolvers.find import IntegrationRef
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.page import SliceRequest
from resolvers.secret import Secret
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.statements import counted

NESTED = """
query($first: Int!) {
  integrations(first: $first) {
    totalCount
    nodes {
      id viewerCanManage
      publisher { name }
      owner { username }
      workspace { settings }
      installation { id integration { name } organization { slug } }
      connection { id }
      capabilities(first: 5) {
        totalCount
        nodes { name availability { available reason } integration { id } dispatches(first: 2) { nodes { id } } }
      }
      eventTypes(first: 5) { totalCount nodes { name integration { id } } }
      connections(first: 5) { totalCount nodes { principal { username } integrations(first: 2) { nodes { id } } } }
      installations(first: 5) { totalCount nodes { id events(first: 2) { nodes { id } } } }
      events(first: 5) { nodes { id integration { id } installation { id } } }
      dispatches(first: 5) { nodes { id capability { id } connection { id } principal { id } integration { id } } }
      auditEntries(first: 5) { nodes { action actor { username } resource { id } } }
    }
  }
}
"""
#: Authentication goes straight to the driver, past what is counted. Then come edges below integrations,
#: then those below them, with the counts of pages that have totals.
ROOT = 2
FIRST_LEVEL = 6 + 7 + 4
SECOND_LEVEL = 2 + 1 + 2 + 1 + 2 + 4 + 2
INSIDE_INSTALLATION = 2
SEVERAL = {"connection and availability": 2, "resource": 3}
#: Batches that a busy machine divides, since their rows come in several turns; a statement for each row is far more.
SPLIT_BATCHES = 10
BATCHES_OF_RELATIONS = sum(SEVERAL.values()) - len(SEVERAL)


@pytest.fixture
def furnish(hub):
    """Gives a tenant integrations, each with one of everything below it."""

    async def furnish(tenant, count, upstream):
        caller = caller_of(hub, tenant)

        async def run(operation, *given, **named):
            return await hub.run(operation(caller, *given, **named))

        for number in range(count):
            declared = DeclareCapability(name="DO", method=HttpMethod.GET, endpoint=f"{upstream}/ok")
            new = CreateIntegration(name=f"App {number}", capabilities=[declared], secret=Secret(api_key="k"))
            app = await run(create_integration, new)
            said = [DeclareEventType(name=f"{app.handler}.HAPPENED")]
            await run(declare_event_types, DeclareEventTypes(integration_id=app.id, event_types=said))
            mode = ConnectionMode.PER_USER
            await run(
                create_connection, CreateConnection(integration_id=app.id, secret=Secret(api_key="k"), mode=mode)
            )
            await run(emit_event, EmitEvent(integration=IntegrationRef(id=app.id), type="HAPPENED"))
        page = SliceRequest(size=100)
        for capability in (await run(list_capabilities, filter=CapabilityFilter(), page=page)).rows:
            await run(dispatch, RunCapability(capability=capability.id))

    return furnish


@both
async def test_a_nested_read_costs_as_many_statements_for_20_rows_as_for_1(hub, new_organization, furnish, faults):
    sent, rows = {}, {}
    for count in (1, 20):
        tenant = await new_organization()
        await furnish(tenant, count, faults.url)
        await tenant.client.query("{ viewer { organization { id } } }")
        with counted(hub.app.state.hub.database) as statements:
            answer = await tenant.client.query(NESTED, first=20)
        sent[count], rows[count] = statements, len(answer["integrations"]["nodes"])

    assert rows == {1: 1, 20: 20}
    edges = ROOT + FIRST_LEVEL + SECOND_LEVEL + INSIDE_INSTALLATION + BATCHES_OF_RELATIONS
    for statements in sent.values():
        told = "\n".join(statement[:200] for statement in statements)
        assert edges <= len(statements) < edges + SPLIT_BATCHES, told


INTO_ITSELF = """mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) {
  ... on IntegrationPayload { integration { installation { id %s } } } } }"""


async def test_the_row_that_a_mutation_returns_is_not_read_again(hub, organization):
    sent = {}
    for below in ("", "integration { id name }"):
        with counted(hub.app.state.hub.database) as statements:
            answer = await organization.client.query(INTO_ITSELF % below, input={"name": "App"})
        sent[below] = len(statements)

    shown = answer["createIntegration"]["integration"]["installation"]["integration"]
    assert shown["name"] == "App"
    assert len(set(sent.values())) == 1


def test_no_operation_awaits_a_loader():
    """Operations that wait for loaders deadlock: each holds a session, each loader wants another of the same pool."""
    [root] = resolvers.__path__
    files = [file for file in Path(root).rglob("*.py") if file.parent.name != "loaders"]

    found = [
        file.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if names_a_loader(getattr(node, "module", None) or getattr(node, "attr", ""))
    ]

    assert len(files) > 100
    assert found == []


def names_a_loader(name: str) -> bool:
    """Declarations of edges load nothing."""
    return "loaders" in name and name != "resolvers.loaders.edge"
