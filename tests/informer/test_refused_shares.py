"""Owners and shares that are refused. Nothing changes."""

from __future__ import annotations

import httpx
import pytest

from models.database import Database
from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.informer.conftest import Informer, add_member, refused
from tests.informer.test_sharing import SHARES, add_team, member_id


@pytest.fixture(scope="module")
async def apps(
    hub: RunningHub, database: Database, new_lasting_organization, lasting_http: httpx.AsyncClient
) -> Apps:
    """One organization for all, with a user `member` and a team `analytics`, of which it is one."""
    apps = Apps(hub=hub, database=database, tenant=await new_lasting_organization())
    await Informer(lasting_http, apps.tenant.token).make()
    await add_member(apps.tenant, lasting_http)
    await add_team(apps, "analytics", await member_id(apps))
    return apps


@pytest.fixture(scope="module")
def organization(apps: Apps) -> Tenant:
    return apps.tenant


@pytest.mark.parametrize("name", ["nobody", "team:member", "user:analytics", "user:", "0" * 24, "x" * 5000])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_there_is_no_share_with_whom_there_is_not(method: str, name: str, client: Informer, apps: Apps):
    before = await snapshot(apps.database, apps.tenant.id)

    refused(await client(method, f"{SHARES}/{name}", {} if method == "PUT" else None), 404)

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


@pytest.mark.parametrize("level", [0, -1, 2**31, "1", 1.5, True, []])
async def test_refuses_a_level_that_is_none(level: object, client: Informer):
    answer = await client("PUT", f"{SHARES}/member", {"accessLevel": level})

    assert refused(answer, 400).startswith("accessLevel: It ")
    assert (await client.ok("GET", SHARES))["_embedded"]["inf:integration-share"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"userId": None, "teamId": None}, 400),
        ({"userId": "member", "teamId": "analytics"}, 400),
        ({"userId": 7}, 400),
        ({"userId": "analytics"}, 404),
        ({"teamId": "member"}, 404),
        ({"teamId": "team:member"}, 404),
        ({"userId": "nobody"}, 404),
    ],
)
async def test_refuses_who_cannot_own_it(body: dict, status: int, client: Informer, apps: Apps):
    before = await snapshot(apps.database, apps.tenant.id)

    refused(await client("PUT", "/integrations/stock/owner", body), status)

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []
