"""What the tests ask of the graph."""

from __future__ import annotations

from typing import Any

from tests.harness.graphql import GraphQL

PROBLEM = "__typename ... on Problem { code message path }"
PRINCIPAL = """
    id databaseId kind username displayName email customFields permissions disabledAt
    teams { username } members { username }
"""


def mutation(field: str, shown: str) -> str:
    """A mutation of one input, or of one id where `field` is a removal."""
    kind = field[0].upper() + field[1:]
    if field.startswith("delete"):
        return f"mutation ($id: ID!) {{ {field}(id: $id) {{ {PROBLEM} ... on DeletePayload {{ {shown} }} }} }}"
    return f"mutation ($input: {kind}Input!) {{ {field}(input: $input) {{ {PROBLEM} ... on {shown} }} }}"


_SHOWN = {
    "updateOrganization": "OrganizationPayload { organization { name customFields returnUrls } }",
    "createPrincipal": f"PrincipalPayload {{ principal {{ {PRINCIPAL} }} }}",
    "updatePrincipal": f"PrincipalPayload {{ principal {{ {PRINCIPAL} }} }}",
    "deletePrincipal": "deletedId",
    "createPlace": "PlacePayload { place { id databaseId kind name details } }",
    "updatePlace": "PlacePayload { place { id databaseId kind name details } }",
    "deletePlace": "deletedId",
    "deleteIntegration": "deletedId",
}
_INTEGRATION = """IntegrationPayload { integration {
    id databaseId handler version owner { username } tags { name } shares { level principal { username } } } }"""


async def act(client: GraphQL, field: str, id: str | None = None, **input: Any) -> dict[str, Any]:
    """The member of the result union: a payload or a problem."""
    document = mutation(field, _SHOWN.get(field, _INTEGRATION))
    given = {"id": id} if field.startswith("delete") else {"input": {**({"id": id} if id else {}), **input}}
    return (await client.query(document, **given))[field]


async def integration(client: GraphQL, name: str = "Shop", **input: Any) -> dict[str, Any]:
    """A new integration."""
    return (await act(client, "createIntegration", name=name, **input))["integration"]


async def principal(client: GraphQL, username: str, kind: str = "USER", **input: Any) -> dict[str, Any]:
    """A new user or team; users may do everything that tests of sharing need."""
    input.setdefault("permissions", [] if kind == "TEAM" else PERMISSIONS)
    made = await act(client, "createPrincipal", kind=kind, username=username, displayName=username.title(), **input)
    return made["principal"]


PERMISSIONS = [
    "INTEGRATIONS_READ",
    "INTEGRATIONS_WRITE",
    "INTEGRATIONS_SHARE",
    "CONNECTIONS_READ",
    "CONNECTIONS_WRITE",
]


async def names(client: GraphQL, **filter: Any) -> list[str]:
    """The names of the integrations that a caller sees."""
    document = "query ($filter: IntegrationFilter) { integrations(filter: $filter) { nodes { name } } }"
    return [node["name"] for node in (await client.query(document, filter=filter))["integrations"]["nodes"]]


async def audit(client: GraphQL, action: str) -> list[dict[str, Any]]:
    """The changes of the entries of an action, newest first."""
    document = """query ($action: String!) { auditEntries(filter: {action: [$action]}) {
        nodes { resourceName changes { path oldValue newValue } } } }"""
    return (await client.query(document, action=action))["auditEntries"]["nodes"]
