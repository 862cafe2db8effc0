"""A token limited to capabilities runs them as they were when it was made, and declares none."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, String, type_coerce, update
from sqlmodel import col

from models.tables import Capability, Token
from models.vocabulary import Permission
from tests.harness.acting import act, integration_of, refusal, row_id
from tests.harness.backends import both
from tests.harness.calling import App, app, capability
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant

WORDS = ["DISPATCH_READ", "DISPATCH_WRITE", "INTEGRATIONS_WRITE", "TOKENS_WRITE"]
SENTENCE = "This token may only run its allowed capabilities; use another token."
CHANGED = "This capability was declared anew after this token was limited to it; make a new token."


@pytest.fixture
async def shop(organization: Tenant, upstream) -> App:
    """An integration with the capability A."""
    return await app(organization.client, upstream.url, capability("A", "GET", "/ok"))


async def _limited(client, shop: App, **more: Any) -> dict[str, Any]:
    """A token that may only run A."""
    rows = await integration_of(client, "capabilities { nodes { id name } }", id=shop.id)
    ids = [one["id"] for one in rows["capabilities"]["nodes"] if one["name"] == "A"]
    given = {"name": "t", "permissions": WORDS, "allowedCapabilityIds": ids} | more
    return await act(client, "createToken", given, "secret token { id }")


async def _declare(shop: App, *capabilities: dict[str, Any]) -> None:
    await act(
        shop.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": [*capabilities]}, "version"
    )


async def test_runs_a_capability_as_it_was_when_the_token_was_made(organization, shop, graphql, upstream) -> None:
    limited = graphql((await _limited(organization.client, shop))["secret"])
    theirs = shop.by(limited)
    await _declare(shop, capability("A", "GET", "/ok", description="Only told otherwise."))
    same = await theirs.run("A")

    await _declare(shop, capability("A", "GET", "/other"))
    refused = await theirs.refused("A")
    heir = await act(limited, "createToken", {"name": "h", "permissions": ["DISPATCH_READ"]}, "secret")
    ids = await integration_of(organization.client, "capabilities { nodes { id } }", id=shop.id)
    named = {"allowedCapabilityIds": [ids["capabilities"]["nodes"][0]["id"]]}
    again = await act(limited, "createToken", {"name": "h", "permissions": ["DISPATCH_READ"]} | named, "secret")
    heirs = [await shop.by(graphql(one["secret"])).refused("A") for one in (heir, again)]
    anew = await _limited(organization.client, shop)

    assert same["dispatch"]["outcome"] == "SUCCEEDED"
    assert (refused["code"], refused["path"], refused["message"]) == ("FORBIDDEN", ["input", "capability"], CHANGED)
    assert [one["message"] for one in heirs] == [CHANGED, CHANGED]
    assert upstream.seen["/other"] == 0
    assert (await shop.by(graphql(anew["secret"])).run("A"))["dispatch"]["id"]


async def test_a_limited_token_declares_nothing(organization, shop, graphql, http, database) -> None:
    of_user = graphql((await _limited(organization.client, shop))["secret"])
    of_app = (await _limited(organization.client, shop, integrationId=shop.id))["secret"]
    manifest = {"integrationId": shop.id, "capabilities": []}
    types = {"integrationId": shop.id, "eventTypes": []}
    before = await snapshot(database, organization.id)

    refused = [
        await refusal(of_user, "declareCapabilities", manifest),
        await refusal(of_user, "declareEventTypes", types),
        await refusal(of_user, "createIntegration", {"name": "B", "capabilities": [capability("B", "GET", "/ok")]}),
    ]
    answer = await http.put(
        "/donutwork/2026-02-01/integrations.json",
        json={"capabilities": []},
        headers={"Authorization": f"Bearer {of_app}"},
    )

    assert [(one["code"], one["message"]) for one in refused] == [("FORBIDDEN", SENTENCE)] * 3
    assert (answer.status_code, answer.json()) == (403, {"error": SENTENCE})
    assert set(changes(before, await snapshot(database, organization.id))) <= {"+ audit_entry", "~ token"}


async def test_a_limited_token_moves_no_calls_to_another_address(
    organization, shop, graphql, http, database, upstream
) -> None:
    client, words = organization.client, [*WORDS, "ORGANIZATION_ADMIN", "CONNECTIONS_WRITE"]
    shared = {"integrationId": shop.id, "mode": "SHARED", "secret": {"none": True}, "default": True}
    connection = {"id": (await act(client, "createConnection", shared))["id"]}
    registered = {"integrationId": shop.id, "connectionIds": [connection["id"]]}
    unregistered = {"integrationId": shop.id, "connectionId": connection["id"]}
    secret = (await _limited(client, shop, permissions=words))["secret"]
    limited, away = graphql(secret), "https://thief.example"
    found = await integration_of(client, "databaseId version", id=shop.id)
    before = await snapshot(database, organization.id)

    refused = [
        await refusal(limited, "updateIntegration", {"id": shop.id, "auth": {"apiBaseUrl": away}}),
        await refusal(limited, "updateIntegration", {"id": shop.id, "auth": {"headers": []}}),
        await refusal(limited, "updateIntegration", {"id": shop.id, "vendor": "custom"}),
        await refusal(limited, "updateIntegration", {"id": shop.id, "secret": {"apiKey": "another-1"}}),
        await refusal(limited, "updateConnection", connection | {"secret": {"apiKey": "another-1"}}),
        await refusal(limited, "createConnection", shared),
        await refusal(limited, "createIntegration", {"name": "B", "auth": {"apiBaseUrl": away}}),
        await refusal(limited, "saveDefinition", {"vendor": "v", "definition": {}}),
        await refusal(limited, "updateConnection", connection | {"baseUrl": away}),
        await refusal(limited, "createConnection", shared | {"baseUrl": away}),
        await refusal(limited, "registerConnections", registered | {"defaultConnectionId": connection["id"]}),
        await refusal(limited, "unregisterConnection", unregistered),
    ]
    path, headers = f"/informer/api/integrations/{found['databaseId']}", {"Authorization": f"Bearer {secret}"}
    put = await http.put(path, json={"apiBaseUri": away}, headers=headers)
    post = await http.post("/informer/api/integrations", json={"name": "B", "type": "custom"}, headers=headers)
    after = await snapshot(database, organization.id)

    assert [(one["code"], one["message"]) for one in refused] == [("FORBIDDEN", SENTENCE)] * len(refused)
    assert [(one.status_code, SENTENCE in one.text) for one in (put, post)] == [(403, True)] * 2
    assert set(changes(before, after)) <= {"+ audit_entry", "~ token"}
    assert (await shop.by(limited).run("A"))["dispatch"]["outcome"] == "SUCCEEDED"


@pytest.mark.parametrize("mode", ["SHARED", "PER_USER"])
async def test_a_limited_token_gets_no_link_with_which_its_calls_get_another_credential(
    organization, shop, graphql, mode
) -> None:
    await act(organization.client, "updateIntegration", {"id": shop.id, "mode": mode, "auth": {"type": "BEARER"}})
    limited = graphql(
        (await _limited(organization.client, shop, permissions=[*WORDS, "CONNECTIONS_WRITE"]))["secret"]
    )

    refused, unlimited = await shop.by(limited).refused("A"), await shop.refused("A")

    assert (refused["reason"], refused["connectUrl"]) == ("NO_CONNECTION", None)
    assert unlimited["connectUrl"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_effect_read_of_a_method_that_writes_needs_dispatch_write(organization, shop, database, method) -> None:
    words = (Permission.INTEGRATIONS_WRITE, Permission.DISPATCH_READ)
    author = await organization.signed_in(*words)
    declared = [capability("A", "GET", "/ok", effect="READ"), capability("B", method, "/ok", effect="READ")]
    manifest = {"integrationId": shop.id, "capabilities": declared}
    before = await snapshot(database, organization.id)

    new = {"name": "B", "auth": {"apiBaseUrl": "https://a.example"}, "capabilities": declared}

    refused = [
        await refusal(author, "declareCapabilities", manifest),
        await refusal(author, "createIntegration", new),
    ]
    after = await snapshot(database, organization.id)
    trusted = await organization.signed_in(*words, Permission.DISPATCH_WRITE)

    assert [(one["code"], one["permission"]) for one in refused] == [("FORBIDDEN", "DISPATCH_WRITE")] * 2
    assert [one["path"] for one in refused] == [["input", "capabilities", "1", "effect"]] * 2
    assert set(changes(before, after)) == {"+ audit_entry"}
    assert await act(trusted, "declareCapabilities", manifest, "version")
    unsaid = [capability("B", method, "/ok"), capability("C", method, "/ok", effect="WRITE")]
    assert await act(author, "declareCapabilities", manifest | {"capabilities": unsaid}, "version")


@both
async def test_a_migration_pins_the_capabilities_of_earlier_tokens(organization, shop, graphql, database) -> None:
    made = await _limited(organization.client, shop)
    free = await act(organization.client, "createToken", {"name": "f", "permissions": []}, "token { id }")
    limited, unlimited = (row_id(one["token"]["id"]) for one in (made, free))
    async with database.write() as session:
        (capability_id,) = (await session.get_one(Token, limited)).allowed_capabilities
        digest = (await session.get_one(Capability, capability_id)).digest
    stored = {limited: f'["{capability_id}", "gone"]', unlimited: "[]"}

    async with database.write() as session:
        connection = await session.connection()
        for token_id, listed in stored.items():
            earlier = update(Token.__table__).where(col(Token.id) == token_id)
            await connection.execute(earlier.values(allowed_capabilities=type_coerce(listed, String)))
        await connection.run_sync(_migrate)

    async with database.read() as session:
        found = {token_id: (await session.get_one(Token, token_id)).allowed_capabilities for token_id in stored}
    assert found == {limited: {capability_id: digest, "gone": ""}, unlimited: {}}


def _migrate(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        importlib.import_module("models.migrations.versions.0011_pinned_capabilities").upgrade()
