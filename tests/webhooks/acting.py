"""Short functions for tests of webhooks over the graph."""

from __future__ import annotations

from typing import Any

from tests.harness.acting import PROBLEM, act
from tests.harness.graphql import GraphQL

URL = "https://receiver.example.com/events"
CHANGED = "secret filterTried filterMatches headersDropped narrowed"
WEBHOOK = """id databaseId name description url eventTypePatterns filter ordering orderFailure concurrency rateLimit
  timeoutSeconds enabled disabledReason disabledAt breaker breakerRetryAt failingSince secretOverlapUntil secretCount
  catchingUp heldCount filterFaultCount filterFault version createdBy { username } integration { handler }
  headers { name value }"""
TYPES = [{"name": "MyShop.ORDER_PAID"}, {"name": "MyShop.ORDER_SENT"}, {"name": "MyShop.PING"}]


async def open_shop(client: GraphQL, name: str = "My Shop", types: list[dict[str, Any]] | None = None) -> str:
    """An integration with event types. Answers its id."""
    made = await act(client, "createIntegration", {"name": name})
    await act(client, "declareEventTypes", {"integrationId": made["id"], "eventTypes": types or TYPES})
    return str(made["id"])


async def attempt(client: GraphQL, field: str, given: dict[str, Any], selection: str = WEBHOOK) -> dict[str, Any]:
    """The result of createWebhook, updateWebhook or rotateWebhookSecret: a payload or a problem."""
    name = field[0].upper() + field[1:]
    document = f"""mutation($input: {name}Input!) {{ {field}(input: $input) {{ __typename
      ... on WebhookPayload {{ {CHANGED} webhook {{ {selection} }} }} {PROBLEM} }} }}"""
    return (await client.query(document, input=given))[field]


async def change(client: GraphQL, field: str, given: dict[str, Any], selection: str = WEBHOOK) -> dict[str, Any]:
    """The payload; fails if it was refused."""
    result = await attempt(client, field, given, selection)
    assert result["__typename"] == "WebhookPayload", result
    return result


async def create(client: GraphQL, **given: Any) -> dict[str, Any]:
    """A new webhook, as the answer shows it, with the members of the payload beside it."""
    made = await change(client, "createWebhook", {"name": "Hook", "url": URL} | given)
    return made.pop("webhook") | made


async def update(client: GraphQL, id: str, **given: Any) -> dict[str, Any]:
    """A changed webhook, like `create`."""
    changed = await change(client, "updateWebhook", {"id": id} | given)
    return changed.pop("webhook") | changed


async def faults(client: GraphQL, field: str, given: dict[str, Any]) -> dict[str, str]:
    """The sentence of each fault of an InvalidInput, by its place, written `input.headers.0.name`."""
    result = await attempt(client, field, given)
    assert result.get("code") == "INVALID_INPUT", result
    return {".".join(fault["path"]): fault["message"] for fault in result["violations"]}


async def read(client: GraphQL, id: str, selection: str = WEBHOOK) -> dict[str, Any] | None:
    """A webhook; None if there is none."""
    document = f"query($id: ID!) {{ webhook(id: $id) {{ {selection} }} }}"
    return (await client.query(document, id=id))["webhook"]


async def listed(client: GraphQL, selection: str = "id name") -> list[dict[str, Any]]:
    """All webhooks, newest first."""
    return (await client.query(f"{{ webhooks(first: 100) {{ nodes {{ {selection} }} }} }}"))["webhooks"]["nodes"]
