"""Short functions for tests of the graph: change, be refused, read."""

from __future__ import annotations

import base64
from typing import Any

from tests.harness.graphql import GraphQL

#: By mutation: its payload's type, and the member that holds the noun (None where the payload says more).
_SHAPES = {
    **dict.fromkeys(("createIntegration", "updateIntegration"), ("IntegrationPayload", "integration")),
    **dict.fromkeys(("declareCapabilities", "declareEventTypes"), ("IntegrationPayload", "integration")),
    **dict.fromkeys(("registerConnections", "unregisterConnection"), ("IntegrationPayload", "integration")),
    **dict.fromkeys(("createConnection", "updateConnection"), ("ConnectionPayload", "connection")),
    **dict.fromkeys(("installIntegration", "updateInstallation"), ("InstallationPayload", "installation")),
    **dict.fromkeys(("createFlow", "updateFlow"), ("FlowPayload", None)),
    **dict.fromkeys(("createStep", "updateStep"), ("StepPayload", "step")),
    "publishIntegration": ("PublishPayload", None),
    "saveInstallationPlace": ("InstallationPayload", "installation"),
    "createUpload": ("UploadPayload", None),
    "saveDefinition": ("DefinitionPayload", "definition"),
    "createToken": ("TokenPayload", None),
    "transferToken": ("TransferTokenPayload", "token"),
    "dispatch": ("DispatchPayload", None),
    "proxyRequest": ("DispatchPayload", None),
    "emitEvent": ("EventPayload", None),
    "planDispatch": ("DispatchPlan", None),
}
#: A plan has a reason of its own, which may be null.
_PROBLEM_OF_A_PLAN = (
    "... on Problem { __typename code message path ... on InvalidInput { violations { path message } } }"
)
_REMOVALS = {"uninstallIntegration": ("installationId", "SetupPayload")}
PROBLEM = """... on Problem { __typename code message path
  ... on Conflict { existing { __typename id } } ... on Forbidden { permission }
  ... on InvalidInput { violations { path message } violationCount }
  ... on NotReady { reason: unavailableReason missingScopes connectUrl }
  ... on Stale { currentVersion } ... on TooMany { retryAfterSeconds }
  ... on UpstreamFailed { upstreamReason externalStatus } }"""


async def act(client: GraphQL, field: str, input: dict[str, Any], selection: str = "id") -> dict[str, Any]:
    """What a mutation of one input (or planDispatch) has made; fails when it was refused."""
    noun = _SHAPES[field][1]
    result = await attempt(client, field, input, selection)
    assert result["__typename"] == _SHAPES[field][0], result
    return result[noun] if noun else result


async def refusal(client: GraphQL, field: str, input: dict[str, Any]) -> dict[str, Any]:
    """The problem that a mutation was refused with; fails when it was not."""
    result = await attempt(client, field, input, "id" if _SHAPES[field][1] else "__typename")
    assert "code" in result, result
    return result


async def faults(client: GraphQL, field: str, input: dict[str, Any]) -> list[str]:
    """The places of all faults of an InvalidInput, written `input.auth.headers.0.name`."""
    result = await refusal(client, field, input)
    assert result["code"] == "INVALID_INPUT", result
    assert result["path"] == result["violations"][0]["path"]
    return [".".join(fault["path"]) for fault in result["violations"]]


async def attempt(client: GraphQL, field: str, input: dict[str, Any], selection: str) -> dict[str, Any]:
    """Either."""
    payload, noun = _SHAPES[field]
    chosen = f"{noun} {{ {selection} }}" if noun else selection
    kind = "query" if field == "planDispatch" else "mutation"
    name = "Dispatch" if field == "planDispatch" else field[0].upper() + field[1:]
    document = (
        f"{kind}($input: {name}Input!) {{ {field}(input: $input) {{ __typename ... on {payload} {{ {chosen} }} "
        f"{_PROBLEM_OF_A_PLAN if field == 'planDispatch' else PROBLEM} }} }}"
    )
    return (await client.query(document, input=input))[field]


async def remove(client: GraphQL, field: str, id: str) -> dict[str, Any]:
    """The answer of a removal: `deletedId`, or a problem."""
    argument, payload = _REMOVALS.get(field, ("id", "DeletePayload"))
    document = f"mutation($id: ID!) {{ {field}({argument}: $id) {{ ... on {payload} {{ deletedId }} {PROBLEM} }} }}"
    return (await client.query(document, id=id))[field]


async def integration_of(client: GraphQL, selection: str, **by: str) -> dict[str, Any] | None:
    """An integration by one of its names."""
    document = f"query($by: IntegrationRef!) {{ integration(by: $by) {{ {selection} }} }}"
    return (await client.query(document, by=by))["integration"]


async def listed(client: GraphQL, field: str, selection: str, arguments: str = "") -> list[dict[str, Any]]:
    """The nodes of a root list; `arguments` as they are written: `(first: 3)`."""
    return (await client.query(f"{{ {field}{arguments} {{ nodes {{ {selection} }} }} }}"))[field]["nodes"]


def global_id(type_name: str, row_id: str) -> str:
    """A global id as the hub would make it."""
    return base64.urlsafe_b64encode(f"{type_name}:{row_id}".encode()).rstrip(b"=").decode()


def row_id(global_id: str) -> str:
    """The row's id in a global one."""
    return base64.urlsafe_b64decode(global_id + "==").decode().partition(":")[2]
