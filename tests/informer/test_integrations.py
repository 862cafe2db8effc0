"""Integrations: made, read, changed, removed."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Connection, Integration
from models.vocabulary import AuthType, ConnectionMode, IntegrationAccess, IntegrationState, TokenEndpointAuth
from resolvers.definitions.mutations import SaveDefinition, save_definition
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.informer.conftest import Informer, refused

UUID = "6f1c2a9e-0b57-4a53-9d2e-8f34a1b0c7d5"
OAUTH = {
    "category": "storage",
    "description": "Files of the press",
    "mode": "shared",
    "authType": "oauth2",
    "scope": "files.read files.write",
    "authUri": "https://login.example.com/authorize",
    "tokenUri": "https://login.example.com/token",
    "revocationUri": "https://login.example.com/revoke",
    "apiBaseUri": "https://api.example.com/v2",
    "clientId": "press",
    "clientSecret": "hush-hush-hush",
    "basicTokenAuth": False,
    "data": {"region": "north", "depth": 3},
}


async def row_of(apps: Apps, name: str = "Stock") -> Integration:
    async with apps.database.read() as session:
        mine = select(Integration).where(col(Integration.organization_id) == apps.tenant.id)
        return (await session.execute(mine.where(col(Integration.name) == name))).scalars().one()


async def connections(apps: Apps) -> list[Connection]:
    async with apps.database.read() as session:
        mine = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        return list((await session.execute(mine.order_by(col(Connection.id)))).scalars())


async def emptied(apps: Apps) -> None:
    """Wait for the job that finishes a deletion."""
    deadline = time.monotonic() + 20
    while (await row_of(apps)).state is not IntegrationState.DELETED:
        assert time.monotonic() < deadline, "the deletion did not finish"
        await asyncio.sleep(0.02)


async def define(apps: Apps, vendor: str, **members: Any) -> None:
    """A vendor of the organization's own; `members` are its definition's."""
    body = {"name": vendor.title(), "category": "crm", **members}
    await apps.hub.run(save_definition(apps._admin, SaveDefinition(vendor=vendor, definition=body)))


async def test_makes_one_with_the_vendors_defaults(client: Informer, apps: Apps):
    made = await client.ok("POST", "/integrations", {"name": "Press Room – Berlin", "type": "custom"}, 201)

    row = await row_of(apps, "Press Room – Berlin")
    href = f"/informer/api/integrations/{row.id}"
    times = {name: made.pop(name) for name in ("createdAt", "updatedAt")}
    assert made == {
        "id": row.id,
        "name": "Press Room – Berlin",
        "slug": "press-room-berlin",
        "type": "custom",
        "category": "other",
        "mode": "per-user",
        "authType": "oauth2",
        "embedded": False,
        "data": {},
        "_links": {
            "self": {"href": href},
            "inf:icon": {"href": f"{href}/icon"},
            "inf:connect": {"href": f"{href}/connect"},
            "inf:connection": {"href": f"{href}/connection"},
            "inf:request": {"href": f"{href}/request"},
            "inf:integration-owner": {"href": f"{href}/owner"},
            "inf:integration-shares": {"href": f"{href}/shares"},
            "inf:integration-share": {"href": f"{href}/shares/{{principalId}}", "templated": True},
        },
    }
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times.values())
    assert row.access is IntegrationAccess.RESTRICTED
    assert row.owner_id == apps.tenant.admin_id


async def test_keeps_everything_that_the_vendor_names(client: Informer, apps: Apps):
    made = await client.make(**OAUTH, id=UUID.upper(), headers={"X-Who": "${user.email}", "X-Key": "k" * 20})

    row = await row_of(apps)
    shown = {name: made.get(name) for name in OAUTH}
    assert shown == {**OAUTH, "clientSecret": None, "basicTokenAuth": None}
    assert (made["id"], row.uuid) == (UUID, UUID)
    assert made["_links"]["self"]["href"] == f"/informer/api/integrations/{UUID}"
    assert (row.mode, row.auth_type) == (ConnectionMode.SHARED, AuthType.OAUTH2)
    assert row.token_endpoint_auth is TokenEndpointAuth.POST
    assert row.scopes == ["files.read", "files.write"]
    assert row.header_hints == [{"name": "X-Who", "value": "${user.email}"}, {"name": "X-Key", "value": "…kkkk"}]


@pytest.mark.parametrize("word", ["apikey", "apiKey", "APIKEY"])
async def test_takes_words_in_any_case_and_shows_where_a_key_goes(word: str, client: Informer, apps: Apps):
    made = await client.make(authType=word, apiKey="sk-4711-4711-4711", apiKeyLocation="Header", apiKeyName="X-Key")

    assert (made["authType"], made["apiKeyLocation"], made["apiKeyName"]) == ("apikey", "header", "X-Key")
    (connection,) = await connections(apps)
    assert (connection.mode, connection.auth_type) == (ConnectionMode.SHARED, AuthType.API_KEY)


async def test_takes_the_way_of_authorising_from_the_vendor_where_it_is_known(client: Informer, apps: Apps):
    await define(apps, "till", auth={"type": "BASIC", "apiBaseUrl": "https://till.example.com"})

    left_out, said = await client.make(type="till"), await client.make(type="till", authType="bearer")

    assert (left_out["authType"], said["authType"]) == ("basic", "bearer")
    assert left_out["apiBaseUri"] == "https://till.example.com"
    assert left_out["category"] == "crm"


async def test_asks_for_nothing_that_the_addresses_given_make_needless(client: Informer, apps: Apps):
    site = {"key": "site", "label": "Site", "group": "PARAMETER", "required": True, "pattern": "[a-z]+"}
    await define(apps, "till", fields=[site], auth={"type": "BASIC", "apiBaseUrl": "https://{site}.example.com"})

    made = await client.make(type="till", apiBaseUri="https://own.example.com")

    assert (made["type"], made["apiBaseUri"]) == ("till", "https://own.example.com")
    answer = await client("POST", "/integrations", {"name": "Other", "type": "till"})
    assert refused(answer, 400) == "data.site: Site must be given."


async def test_overlooks_members_that_are_unknown_or_null(client: Informer):
    made = await client.make(slug="mine", embedded=True, createdAt=7, color="red", scope=None, data=None, id=None)

    assert made["slug"] == "stock"
    assert made["embedded"] is False
    assert "scope" not in made


@pytest.mark.parametrize("name", ["id", "slug", "uuid", "UUID"])
async def test_is_found_by_id_uuid_and_slug(name: str, client: Informer, apps: Apps):
    made = await client.make(id=UUID)
    names = {"id": (await row_of(apps)).id, "slug": "stock", "uuid": UUID, "UUID": UUID.upper()}

    assert await client.ok("GET", f"/integrations/{names[name]}") == made


@both
async def test_prefers_an_id_to_a_slug_that_looks_like_it(client: Informer, apps: Apps):
    first = await client.make()
    await apps.make("Impostor", slug=first["id"])

    assert (await client.ok("GET", f"/integrations/{first['id']}"))["name"] == "Stock"


async def test_names_every_fault_as_the_client_knows_it(client: Informer):
    answer = await client(
        "POST", "/integrations", {"name": "A", "type": "b", "authUri": "x", "id": "y", "scope": "z"}
    )

    assert re.findall(r"(\w+): ", refused(answer, 400)) == ["id", "authUri"]


async def test_refuses_a_uuid_that_is_taken(client: Informer):
    await client.make(id=UUID)

    answer = await client("POST", "/integrations", {"name": "Other", "type": "custom", "id": UUID})

    assert refused(answer, 409) == f"The uuid {UUID} is taken; choose another one."
    assert await client.names() == ["Stock"]


async def test_changes_what_is_given_and_nothing_else(client: Informer, apps: Apps):
    made = await client.make(**OAUTH)
    before = await row_of(apps)

    changed = await client.ok(
        "PUT", "/integrations/stock", {"name": "Store", "scope": "files.read", "description": "x"}
    )

    after = await row_of(apps, "Store")
    kept = {name for name in made if made[name] == changed.get(name)}
    assert set(made) - kept == {"name", "scope", "description", "updatedAt"}
    assert (after.client_secret, after.token_endpoint_auth) == (before.client_secret, before.token_endpoint_auth)
    assert after.slug == "stock"


async def test_clears_what_is_null(client: Informer):
    await client.make(**OAUTH)

    changed = await client.ok(
        "PUT", "/integrations/stock", {"scope": None, "description": None, "revocationUri": None, "data": None}
    )

    assert changed["data"] == {}
    assert {"scope", "description", "revocationUri"}.isdisjoint(changed)


async def test_replaces_data_as_a_whole(client: Informer):
    await client.make(data={"a": 1, "b": 2})

    assert (await client.ok("PUT", "/integrations/stock", {"data": {"b": 3}}))["data"] == {"b": 3}


@pytest.mark.parametrize("auth_type", list(AuthType))
async def test_writing_back_what_was_read_changes_nothing(auth_type: AuthType, client: Informer, apps: Apps):
    await client.make(**OAUTH)
    async with apps.database.write() as session:
        row = (await session.execute(select(Integration).where(col(Integration.slug) == "stock",
               col(Integration.organization_id) == apps.tenant.id))).scalars().one()  # fmt: skip
        row.auth_type = auth_type
    read = await client.ok("GET", "/integrations/stock")
    before = await row_of(apps)

    written = await client.ok("PUT", "/integrations/stock", read)

    after = await row_of(apps)
    moved = {"version", "updated_at"}
    assert {**written, "updatedAt": 0} == {**read, "updatedAt": 0}
    assert after.model_dump(exclude=moved) == before.model_dump(exclude=moved)


async def test_a_new_key_takes_the_place_of_the_old_one(client: Informer, apps: Apps):
    await client.make(authType="apikey", apiKey="old-key-old-key")
    (before,) = await connections(apps)

    await client.ok("PUT", "/integrations/stock", {"apiKey": "new-key-new-key"})

    (after,) = await connections(apps)
    assert (after.id, after.details) == (before.id, {"apiKey": "new-…"})
    assert after.secret_version == before.secret_version + 1


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"mode": None}, {"type": None}, {"authUri": "x"}, []])
async def test_a_refused_change_changes_nothing(body: Any, client: Informer, apps: Apps):
    await client.make(**OAUTH)
    before = await snapshot(apps.database, apps.tenant.id)

    refused(await client("PUT", "/integrations/stock", body), 400)

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


async def test_removes_one_with_all_its_connections(client: Informer, apps: Apps, user: Informer):
    await client.make(authType="apikey", apiKey="a-key-to-remove")
    await client.ok("PUT", "/integrations/stock/shares/member", {"accessLevel": 1})
    await user.ok("POST", "/integrations/stock/connect", {"apiKey": "the-member's-key"}, 201)
    assert len(await connections(apps)) == 2

    answer = await client("DELETE", "/integrations/stock")

    assert (answer.status_code, answer.content) == (204, b"")
    refused(await client("GET", "/integrations/stock"), 404)
    refused(await client("DELETE", "/integrations/stock"), 404)
    assert await client.names() == []
    await emptied(apps)
    assert await connections(apps) == []
    assert (await client.make())["slug"] == "stock"
