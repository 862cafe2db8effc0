"""Capabilities: a manifest replaces what was, keeps ids by name, and is refused as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.acting import act, faults, integration_of, refusal
from tests.harness.backends import both
from tests.harness.graphql import GraphQL

SHOWN = "capabilities(first: 100) { nodes { id name digest } }"
BASE = {"name": "Shop", "auth": {"apiBaseUrl": "https://shop.example"}}
INPUTS = "inputs { name type required location default options description } inputSchema"


@pytest.fixture
async def shop(organization) -> str:
    return (await act(organization.client, "createIntegration", BASE))["id"]


def capability(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "method": "POST", "endpoint": f"/{name.lower()}"} | more


SIMPLE = [
    {"name": "id", "type": "STRING", "required": True},
    {"name": "count", "type": "INTEGER", "default": 1, "description": "How many"},
    {"name": "unit", "type": "ANY", "options": ["kg", "pc"], "location": "QUERY"},
    {"name": "tags", "type": "ARRAY"},
    {"name": "more", "type": "OBJECT"},
    {"name": "sure", "type": "BOOLEAN", "location": "HEADER"},
    {"name": "price", "type": "NUMBER"},
]
GENERAL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "count": {"type": "integer", "description": "How many", "default": 1},
        "unit": {"enum": ["kg", "pc"], "x-in": "query"},
        "tags": {"type": "array"},
        "more": {"type": "object"},
        "sure": {"type": "boolean", "x-in": "header"},
        "price": {"type": "number"},
    },
}
PATTERN = {"type": "object", "properties": {"x": {"type": "string", "pattern": "a" * 201}}}
WRONG = [
    capability("A", endpoint="/a/{gone}"),
    capability("A", endpoint="/a//b"),
    capability("ä", endpoint="https://{host}/a"),
    capability("R", inputSchema={"type": "object", "$ref": "https://elsewhere.example/schema"}),
    capability("D", inputSchema={"type": "object", "properties": {"x": {"$dynamicRef": "#x"}}}),
    capability("P", inputSchema=PATTERN, outputSchema={"$ref": "file:///etc/passwd"}),
    capability("Q", inputSchema={}),
    capability("O", outputSchema=5, timeoutSeconds=301),
    capability("I", inputs=[{"name": "x"}, {"name": "x"}]),
    capability("V", inputs=[{"name": "n", "type": "INTEGER", "default": "one"}]),
    capability("L", method="GET", inputs=[{"name": "a"}, {"name": "b", "location": "BODY"}]),
    capability("T", inputs=[], inputSchema={"type": "object"}),
    capability("S", requiredScopes=["s" * 256], endpoint="/a?b={c}"),
]
FAULTS = [
    "input.capabilities.0.endpoint",
    "input.capabilities.1.endpoint",
    "input.capabilities.1.name",
    "input.capabilities.2.name",
    "input.capabilities.2.endpoint",
    "input.capabilities.2.endpoint",
    "input.capabilities.3.inputSchema.$ref",
    "input.capabilities.4.inputSchema.properties.x.$dynamicRef",
    "input.capabilities.5.inputSchema.properties.x.pattern",
    "input.capabilities.5.outputSchema.$ref",
    "input.capabilities.6.inputSchema.type",
    "input.capabilities.7.outputSchema",
    "input.capabilities.7.timeoutSeconds",
    "input.capabilities.8.inputs.1.name",
    "input.capabilities.9.inputs.0.default",
    "input.capabilities.10.inputs.1.location",
    "input.capabilities.11.inputSchema",
    "input.capabilities.12.endpoint",
    "input.capabilities.12.endpoint",
    "input.capabilities.12.requiredScopes.0",
    "input.appToken",
]


async def declared(client: GraphQL, shop: str, *manifest: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    given = {"integrationId": shop, "capabilities": list(manifest), **more}
    nodes = (await act(client, "declareCapabilities", given, SHOWN))["capabilities"]["nodes"]
    return {node["name"]: node for node in nodes}


@both
async def test_a_manifest_replaces_what_was_in_its_own_order(organization, shop) -> None:
    client = organization.client
    first = await declared(client, shop, capability("B"), capability("A"), capability("C"))

    second = await declared(client, shop, capability("C"), capability("D"), capability("B", description="new"))

    assert (list(first), list(second)) == (["B", "A", "C"], ["C", "D", "B"])
    assert second["C"] == first["C"]
    assert second["B"] == first["B"], "a description is no part of the digest"
    assert (await integration_of(client, "version", id=shop)) == {"version": 3}
    assert await declared(client, shop) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"endpoint": "/b"},
        {"effect": "DESTRUCTIVE"},
        {"bodyFormat": "FORM"},
        {"arrayFormat": "COMMA"},
        {"inputs": [{"name": "x"}]},
        {"inputSchema": {"type": "object"}},
        {"outputSchema": {"type": "object"}},
        {"allowUnknownInputs": True},
        {"requiredScopes": ["s"]},
        {"timeoutSeconds": 31},
    ],
)
async def test_the_digest_changes_with_each_part_of_the_declaration(organization, shop, change) -> None:
    before = await declared(organization.client, shop, capability("A"))

    after = await declared(organization.client, shop, capability("A") | change)

    assert after["A"]["id"] == before["A"]["id"]
    assert after["A"]["digest"] != before["A"]["digest"]


@both
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["send-it", "send.it"], ["send.it", "send-it"]),
        (["SEND"], ["send"]),
        (["send-it"], ["send.it", "send_it", "sendIt"]),
        (["a_b", "a-b", "a.b"], ["a.b", "c", "a-b"]),
    ],
)
async def test_names_that_read_alike_may_follow_each_other(organization, shop, first, second) -> None:
    await declared(organization.client, shop, *map(capability, first))

    assert list(await declared(organization.client, shop, *map(capability, second))) == second


async def test_reads_both_forms_of_inputs(organization, shop) -> None:
    manifest = [
        capability("SIMPLE", endpoint="/things/{id}", inputs=SIMPLE),
        capability("GENERAL", endpoint="/things/{id}", inputSchema=GENERAL),
    ]

    given = {"integrationId": shop, "capabilities": manifest}
    nodes = await act(organization.client, "declareCapabilities", given, f"capabilities {{ nodes {{ {INPUTS} }} }}")

    one, other = nodes["capabilities"]["nodes"]
    assert one == other
    assert one["inputSchema"] == GENERAL
    assert list(one["inputSchema"]["properties"]) == list(GENERAL["properties"])
    places = [(each["name"], each["location"]) for each in one["inputs"]]
    assert places == [
        *(("id", "PATH"), ("count", "BODY"), ("unit", "QUERY"), ("tags", "BODY")),
        *(("more", "BODY"), ("sure", "HEADER"), ("price", "BODY")),
    ]


async def test_says_every_fault_of_a_manifest_at_once_and_changes_nothing(organization, shop) -> None:
    before = await declared(organization.client, shop, capability("A"))
    given = {"integrationId": shop, "capabilities": WRONG, "appToken": "a\nb"}

    found = await faults(organization.client, "declareCapabilities", given)

    assert found == FAULTS
    assert await declared(organization.client, shop, capability("A")) == before
    assert await integration_of(organization.client, "connections { nodes { id } }", id=shop) == {
        "connections": {"nodes": []}
    }


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "x",
        "//evil.example/x",
        "/a/../b",
        "/a/%2e%2e/b",
        "ftp://a.example",
        "https://u:p@a.example/",
        "/a b",
        "/a#b",
    ],
)
async def test_refuses_an_endpoint_that_could_lead_astray(organization, shop, endpoint) -> None:
    given = {"integrationId": shop, "capabilities": [capability("A", endpoint=endpoint)]}

    assert await faults(organization.client, "declareCapabilities", given) == ["input.capabilities.0.endpoint"]


async def test_a_path_needs_a_base_address(organization) -> None:
    bare = await act(organization.client, "createIntegration", {"name": "Bare"})
    given = {"integrationId": bare["id"], "capabilities": [capability("A")]}

    assert await faults(organization.client, "declareCapabilities", given) == ["input.capabilities.0.endpoint"]


async def test_an_app_token_becomes_the_default_connection(organization, shop) -> None:
    await declared(organization.client, shop, capability("A"), appToken="app-token-of-the-shop")

    shown = await integration_of(organization.client, "connection { mode authType details }", id=shop)

    assert shown["connection"]["mode"] == "SHARED"
    assert shown["connection"]["authType"] == "BEARER"
    assert "app-token-of-the-shop" not in str(shown)


async def test_refuses_a_manifest_for_what_has_moved_on(organization, shop) -> None:
    await declared(organization.client, shop, capability("A"), expectedVersion=1)
    stale = {"integrationId": shop, "capabilities": [], "expectedVersion": 1}

    refused = await refusal(organization.client, "declareCapabilities", stale)

    assert (refused["code"], refused["currentVersion"]) == ("STALE", 2)
    assert list(await declared(organization.client, shop, capability("A"))) == ["A"]
