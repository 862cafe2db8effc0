"""Integrations over GraphQL: made with every input, changed field by field, removed, listed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness.acting import act, faults, integration_of, listed, refusal, remove
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.lending import Lending
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually

AUTH = """type apiBaseUrl clientId hasClientSecret scopes authorizationUrl tokenUrl revocationUrl tokenEndpointAuth
  tokenParameters tokenPath pkce responseMode
  apiKeyLocation apiKeyName headers { name value } parameters"""
ALL = f"""name vendor handler slug identifier description readme category mode access version state
  auth {{ {AUTH} }} owner {{ id }} connection {{ mode authType details }} installation {{ handler status }}
  capabilities {{ nodes {{ name }} }}"""
EVERY_INPUT = {
    "name": "Shop ✨",
    "vendor": "acme.shop",
    "handler": "SHOP",
    "slug": "the-shop",
    "identifier": "Shop №1",
    "uuid": "00000000-1111-2222-3333-444444444444",
    "description": "Sells\nthings",
    "readme": "# Shop",
    "category": "commerce",
    "mode": "SHARED",
    "access": "RESTRICTED",
    "auth": {
        "type": "API_KEY",
        "apiBaseUrl": "https://api.shop.example/v1",
        "clientId": "client",
        "clientSecret": "c1ient-secret",
        "scopes": ["read", "write"],
        "authorizationUrl": "https://shop.example/authorize",
        "tokenUrl": "https://shop.example/token",
        "revocationUrl": "https://shop.example/revoke",
        "tokenEndpointAuth": "POST",
        "tokenParameters": {"audience": "https://api.shop.example/", "resource": "ü b"},
        "tokenPath": "data.authed_user",
        "pkce": False,
        "responseMode": "FORM_POST",
        "apiKeyLocation": "QUERY",
        "apiKeyName": "key",
        "headers": [
            {"name": "X-Literal", "value": "long-literal-value"},
            {"name": "X-Short", "value": "secret"},
            {"name": "X-User", "value": "user ${user.email}"},
        ],
        "parameters": {"b": 1, "a": [None, "ü"]},
    },
    "secret": {"apiKey": "sk-abcdefghijkl"},
    "capabilities": [{"name": "LIST", "method": "GET", "endpoint": "/things"}],
}
HINTS = [
    {"name": "X-Literal", "value": "…alue"},
    {"name": "X-Short", "value": "…"},
    {"name": "X-User", "value": "…${user.email}"},
]
CHANGES: list[tuple[str, Any, Any]] = [
    ("name", "Neu", "Neu"),
    ("slug", "neu", "neu"),
    ("identifier", "neu", "neu"),
    ("identifier", None, "the-shop"),
    ("description", "neu", "neu"),
    ("description", None, ""),
    ("readme", "neu", "neu"),
    ("readme", None, ""),
    ("vendor", "neu", "neu"),
    ("category", "neu", "neu"),
    ("category", None, "other"),
    ("mode", "PER_USER", "PER_USER"),
    ("access", "ORGANIZATION", "ORGANIZATION"),
]
AUTH_CHANGES: list[tuple[str, Any, str, Any]] = [
    ("type", "BASIC", "type", "BASIC"),
    ("type", None, "type", "NONE"),
    ("apiBaseUrl", "https://neu.example", "apiBaseUrl", "https://neu.example"),
    ("apiBaseUrl", None, "apiBaseUrl", None),
    ("clientId", None, "clientId", None),
    ("clientSecret", None, "hasClientSecret", False),
    ("scopes", ["one"], "scopes", ["one"]),
    ("scopes", None, "scopes", []),
    ("authorizationUrl", None, "authorizationUrl", None),
    ("tokenUrl", None, "tokenUrl", None),
    ("revocationUrl", None, "revocationUrl", None),
    ("tokenEndpointAuth", None, "tokenEndpointAuth", "BASIC"),
    ("tokenParameters", {"audience": ""}, "tokenParameters", {"audience": ""}),
    ("tokenParameters", None, "tokenParameters", {}),
    ("tokenPath", "token", "tokenPath", "token"),
    ("tokenPath", None, "tokenPath", None),
    ("pkce", True, "pkce", True),
    ("pkce", None, "pkce", True),
    ("responseMode", "QUERY", "responseMode", "QUERY"),
    ("responseMode", None, "responseMode", None),
    ("apiKeyLocation", None, "apiKeyLocation", "HEADER"),
    ("apiKeyName", None, "apiKeyName", None),
    (
        "headers",
        [{"name": "X-New", "value": "${tenant.id}"}],
        "headers",
        [{"name": "X-New", "value": "${tenant.id}"}],
    ),
    ("headers", None, "headers", []),
    ("headers", [], "headers", []),
    ("parameters", {"x": {}}, "parameters", {"x": {}}),
    ("parameters", None, "parameters", {}),
]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """An organization with an integration that was made with every input, and what it shows of that."""

    tenant: Tenant
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def shops(database, new_lasting_organization) -> Lending[Shop]:
    async def open_shop() -> Shop:
        tenant = await new_lasting_organization()
        return Shop(tenant=tenant, shown=await _made(tenant.client))

    return Lending(database, open_shop)


@pytest.fixture
async def shop(shops: Lending[Shop]) -> AsyncIterator[Shop]:
    async with shops.lent() as shop:
        yield shop


async def _made(client: GraphQL, **more: Any) -> dict[str, Any]:
    return await act(client, "createIntegration", EVERY_INPUT | more, f"id {ALL}")


async def test_makes_an_integration_with_every_input(organization) -> None:
    owner = await organization.add_user("owner")

    made = await _made(organization.client, ownerId=owner)

    shown = {field: value for field, value in EVERY_INPUT.items() if isinstance(value, str) and field != "uuid"}
    assert {field: made[field] for field in shown} == shown
    given = {name: value for name, value in EVERY_INPUT["auth"].items() if name not in ("clientSecret", "headers")}
    assert made["auth"] == given | {"hasClientSecret": True, "headers": HINTS}
    assert made["connection"] == {"mode": "SHARED", "authType": "API_KEY", "details": {"apiKey": "sk-a…"}}
    assert made["installation"] == {"handler": "SHOP", "status": "ACTIVE"}
    assert made["capabilities"] == {"nodes": [{"name": "LIST"}]}
    assert (made["version"], made["state"]) == (1, "LIVE")
    assert made["owner"] != await _viewer(organization.client)


async def test_fills_in_what_is_absent(organization) -> None:
    made = await act(organization.client, "createIntegration", {"name": "A"}, ALL)

    assert made == {
        **dict.fromkeys(("description", "readme"), ""),
        "name": "A",
        "vendor": "custom",
        "handler": "A",
        "slug": "a",
        "identifier": "a",
        "category": "other",
        "mode": "PER_USER",
        "access": "ORGANIZATION",
        "version": 1,
        "state": "LIVE",
        "connection": None,
        "auth": {
            **dict.fromkeys(("apiBaseUrl", "clientId", "authorizationUrl", "tokenUrl", "revocationUrl"), None),
            "type": "NONE",
            "hasClientSecret": False,
            "scopes": [],
            "tokenEndpointAuth": "BASIC",
            "tokenParameters": {},
            "tokenPath": None,
            "pkce": True,
            "responseMode": None,
            "apiKeyLocation": "HEADER",
            "apiKeyName": None,
            "headers": [],
            "parameters": {},
        },
        "owner": await _viewer(organization.client),
        "installation": {"handler": "A", "status": "ACTIVE"},
        "capabilities": {"nodes": []},
    }


@pytest.mark.parametrize(("field", "value", "expected"), CHANGES)
async def test_changes_one_field_and_no_other(shop, field, value, expected) -> None:
    given = {"id": shop.shown["id"], field: value}

    after = await act(shop.tenant.client, "updateIntegration", given, f"id {ALL}")

    assert after == shop.shown | {field: expected, "version": 2}


@pytest.mark.parametrize(("field", "value", "shown", "expected"), AUTH_CHANGES)
async def test_changes_one_part_of_the_authorisation(shop, field, value, shown, expected) -> None:
    given = {"id": shop.shown["id"], "auth": {field: value}}

    after = await act(shop.tenant.client, "updateIntegration", given, f"id {ALL}")

    assert after == shop.shown | {"auth": shop.shown["auth"] | {shown: expected}, "version": 2}


async def test_changes_nothing_without_a_value(shop) -> None:
    after = await act(shop.tenant.client, "updateIntegration", {"id": shop.shown["id"], "auth": {}}, f"id {ALL}")

    assert after == shop.shown


@pytest.mark.parametrize("field", ["name", "vendor", "mode", "access", "auth", "secret"])
async def test_refuses_null_where_a_value_has_to_stay(shop, field) -> None:
    found = await faults(shop.tenant.client, "updateIntegration", {"id": shop.shown["id"], field: None})

    assert found == [f"input.{field}"]
    assert await integration_of(shop.tenant.client, f"id {ALL}", id=shop.shown["id"]) == shop.shown


async def test_replaces_the_secret_of_the_default_connection(organization) -> None:
    made = await _made(organization.client)
    given = {"id": made["id"], "secret": {"apiKey": "another-key-of-it"}}

    after = await act(organization.client, "updateIntegration", given, "connections { nodes { details version } }")

    assert after["connections"]["nodes"] == [{"details": {"apiKey": "anot…"}, "version": 2}]


async def test_refuses_a_change_of_what_has_moved_on(organization) -> None:
    made = await _made(organization.client)
    await act(organization.client, "updateIntegration", {"id": made["id"], "expectedVersion": 1, "name": "B"})

    stale = {"id": made["id"], "expectedVersion": 1, "name": "C"}
    refused = await refusal(organization.client, "updateIntegration", stale)

    assert (refused["code"], refused["currentVersion"]) == ("STALE", 2)
    assert refused["path"] == ["input", "expectedVersion"]
    assert await integration_of(organization.client, "name version", id=made["id"]) == {"name": "B", "version": 2}


@both
async def test_hides_what_is_removed_with_all_that_is_its_own(organization) -> None:
    client = organization.client
    kept, gone = await act(client, "createIntegration", {"name": "Kept"}), await _made(client)
    shared = await act(
        client, "createConnection", {"secret": {"apiKey": "k"}, "mode": "SHARED", "integrationId": kept["id"]}
    )
    both = {"integrationId": gone["id"], "connectionIds": [shared["id"]]}
    await act(client, "registerConnections", both)
    inside = await integration_of(client, "installation { id } capabilities { nodes { id } }", id=gone["id"])
    ids = [gone["id"], inside["installation"]["id"], inside["capabilities"]["nodes"][0]["id"]]

    answer = await remove(client, "deleteIntegration", gone["id"])

    assert answer == {"deletedId": gone["id"]}
    assert (await client.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids))["nodes"] == [None] * 3
    for field in ("integrations", "installations", "capabilities"):
        assert gone["id"] not in [one["id"] for one in await listed(client, field, "id")]
    assert await listed(client, "installations", "handler") == [{"handler": "KEPT"}]
    assert await listed(client, "capabilities", "name") == []
    assert (await remove(client, "deleteIntegration", gone["id"]))["code"] == "NOT_FOUND"

    async def only_shared():
        return await listed(client, "connections", "id") == [{"id": shared["id"]}]

    await eventually(only_shared)  # a job removes them, since their vendors are told


async def _viewer(client: GraphQL) -> dict[str, Any]:
    return (await client.query("{ viewer { principal { id } } }"))["viewer"]["principal"]
