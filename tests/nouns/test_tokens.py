"""Tokens: at most what their maker may do, ended at once; and what is said to those that are none."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.database import Database
from models.tables import Token
from models.vocabulary import Permission
from tests.harness.acting import act, faults, integration_of, listed, refusal, remove
from tests.harness.calling import app, capability
from tests.harness.tenants import Tenant

MADE = """secret token { id kind hint permissions expiresAt revokedAt principal { id } integration { id }
  allowedCapabilities { name } }"""
VIEWER = "{ viewer { permissions principal { id } token { kind } } }"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b'{"sub":"admin"}', b"")
)
SENTENCE = "Give a valid token as `Authorization: Bearer …`."


async def test_a_write_brings_its_read(organization, graphql) -> None:
    given = {"name": "t", "permissions": ["INTEGRATIONS_WRITE", "EVENTS_EMIT", "INTEGRATIONS_WRITE"]}

    made = await act(organization.client, "createToken", given, MADE)

    granted = {"EVENTS_EMIT", "INTEGRATIONS_READ", "INTEGRATIONS_WRITE"}
    assert set(made["token"]["permissions"]) == granted
    assert made["token"]["kind"] == "PERSONAL"
    assert made["token"]["hint"] == made["secret"][-4:]
    viewer = (await graphql(made["secret"]).query(VIEWER))["viewer"]
    assert set(viewer["permissions"]) == granted
    assert made["secret"] not in str(await listed(organization.client, "tokens", "id name hint"))


async def test_gives_no_permission_that_its_maker_lacks(organization) -> None:
    maker = await organization.signed_in(Permission.TOKENS_WRITE, Permission.EVENTS_READ)
    given = {"name": "t", "permissions": ["EVENTS_READ", "EVENTS_EMIT", "TOKENS_WRITE", "ORGANIZATION_ADMIN"]}
    before = await listed(organization.client, "tokens", "id")

    found = await faults(maker, "createToken", given)

    assert found == ["input.permissions.1", "input.permissions.3"]
    assert await listed(organization.client, "tokens", "id") == before


async def test_needs_an_administrator_for_another_users_token(organization, graphql) -> None:
    other = await organization.add_user("other", Permission.EVENTS_READ)
    maker = await organization.signed_in(Permission.TOKENS_WRITE, Permission.EVENTS_READ, Permission.EVENTS_EMIT)
    given = {"name": "t", "permissions": ["EVENTS_READ", "EVENTS_EMIT"], "principalId": other}

    refused = await refusal(maker, "createToken", given)
    made = await act(organization.client, "createToken", given, MADE)
    seen = (await graphql(made["secret"]).query(VIEWER))["viewer"]

    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "ORGANIZATION_ADMIN")
    assert seen["permissions"] == ["EVENTS_READ"], "narrowed by what the user may do"


async def test_says_every_fault_at_once(organization) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    ids = {"principalId": organization.admin_id, "integrationId": "f" * 24}
    given = {"name": "", "permissions": [], "expiresAt": past, **ids}

    assert await faults(organization.client, "createToken", given) == [
        "input.name",
        "input.integrationId",
        "input.expiresAt",
    ]


async def test_an_expired_or_revoked_token_is_no_token(organization, graphql, database) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds")
    given = {"name": "t", "permissions": ["TOKENS_WRITE"]}
    short = await act(organization.client, "createToken", given | {"expiresAt": tomorrow}, MADE)
    long = await act(organization.client, "createToken", given, MADE)
    before = await graphql(short["secret"]).raw(VIEWER)

    answer = await remove(graphql(long["secret"]), "revokeToken", long["token"]["id"])
    revoked = await graphql(long["secret"]).raw(VIEWER)
    await _let_a_day_pass(database, organization)
    expired = await graphql(short["secret"]).raw(VIEWER)

    assert answer == {"deletedId": long["token"]["id"]}
    assert datetime.fromisoformat(short["token"]["expiresAt"]) == datetime.fromisoformat(tomorrow)
    assert (before.status_code, revoked.status_code, expired.status_code) == (200, 401, 401)
    assert revoked.json() == expired.json()
    tokens = {one["id"]: one for one in await listed(organization.client, "tokens", "id revokedAt")}
    assert tokens[long["token"]["id"]]["revokedAt"] is not None


async def test_a_token_runs_only_the_capabilities_it_is_held_to(organization, graphql, upstream) -> None:
    shop = await app(organization.client, upstream.url, capability("A", "GET", "/ok"), capability("B", "GET", "/ok"))
    rows = await integration_of(organization.client, "capabilities { nodes { id name } }", id=shop.id)
    ids = {one["name"]: one["id"] for one in rows["capabilities"]["nodes"]}
    given = {"name": "t", "permissions": ["DISPATCH_READ", "TOKENS_WRITE"], "allowedCapabilityIds": [ids["A"]]}

    held = await act(organization.client, "createToken", given, MADE)
    theirs = shop.by(graphql(held["secret"]))
    done, refused = await theirs.run("A"), await theirs.refused("B")
    escape = await faults(theirs.client, "createToken", given | {"allowedCapabilityIds": [ids["A"], ids["B"]]})
    heir = await act(theirs.client, "createToken", {"name": "h", "permissions": ["DISPATCH_READ"]}, MADE)

    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["input", "capability"])
    assert escape == ["input.allowedCapabilityIds.1"]
    assert heir["token"]["allowedCapabilities"] == [{"name": "A"}]
    assert (await shop.by(graphql(heir["secret"])).refused("B"))["code"] == "FORBIDDEN"
    assert upstream.seen["/ok"] == 1


async def test_an_apps_token_speaks_for_the_app(organization, graphql) -> None:
    shop = await act(organization.client, "createIntegration", {"name": "A", "access": "RESTRICTED"})
    given = {"name": "app", "permissions": ["INTEGRATIONS_READ", "CONNECTIONS_WRITE"], "integrationId": shop["id"]}

    made = await act(organization.client, "createToken", given, MADE)
    theirs = graphql(made["secret"])

    assert made["token"]["kind"] == "INTEGRATION"
    assert made["token"]["integration"] == {"id": shop["id"]}
    assert (await theirs.query(VIEWER))["viewer"] == {
        "permissions": ["INTEGRATIONS_READ", "CONNECTIONS_READ", "CONNECTIONS_WRITE"],
        "principal": None,
        "token": {"kind": "INTEGRATION"},
    }
    assert await listed(theirs, "integrations", "id") == [{"id": shop["id"]}]
    assert await faults(theirs, "createConnection", {"secret": {"apiKey": "k"}}) == ["input.mode"]
    await remove(organization.client, "deleteIntegration", shop["id"])
    assert (await theirs.raw(VIEWER)).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Bearer pb_",
        "Bearer pb_" + "A" * 43,
        "Bearer pb_" + "A" * 44,
        f"Bearer {JWT}",
        "Basic cGI6eA==",
        "Bearer " + "x" * 60_000,
        "Bearer pb_" + "é" * 43,
    ],
)
async def test_says_the_same_to_every_wrong_token(http, header: str | None) -> None:
    headers: dict[str, Any] = {} if header is None else {"Authorization": header.encode()}

    answer = await http.post("/graphql", json={"query": VIEWER}, headers=headers)

    assert answer.status_code == 401
    (error,) = answer.json()["errors"]
    assert (error["message"], error["extensions"]) == (SENTENCE, {"code": "UNAUTHENTICATED"})
    assert "data" not in answer.json()


async def test_a_token_of_100_kb_is_refused(http) -> None:
    answer = await http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": "Bearer " + "x" * 100_000})

    assert answer.status_code in (401, 431)
    assert (await http.get("/healthz")).status_code == 200


async def _let_a_day_pass(database: Database, organization: Tenant) -> None:
    """For its tokens, which expire by so much earlier."""
    mine, day = col(Token.organization_id) == organization.id, 24 * 3600 * 1000
    async with database.write() as session:
        await session.execute(update(Token).where(mine).values(expires_at=col(Token.expires_at) - day))
