"""A verified integration stays live while nothing changes, and is new again with any other credential or address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.database import Database
from models.tables import Connection, Integration
from models.vocabulary import IntegrationState
from tests.cycle.conftest import Cycle, checked, define
from tests.definitions.conftest import Vendor
from tests.harness.acting import act, attempt, integration_of, listed
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.informer.conftest import Informer

TOKEN = "token-of-the-vendor-1234"
FIELDS = [
    {"key": "token", "label": "Token", "group": "SECRET", "required": True},
    {"key": "region", "label": "Region", "group": "PARAMETER"},
]


@dataclass(frozen=True, kw_only=True)
class Live:
    """A verified integration with a shared connection, and its organization's clients over each face."""

    id: str
    node: str
    connection: str
    url: str
    tenant: Tenant
    cycle: Cycle
    informer: Informer
    database: Database

    async def state(self) -> str:
        """As it is now."""
        return str((await integration_of(self.tenant.client, "state", id=self.node))["state"])

    async def update(self, **values: Any) -> None:
        """Through GraphQL."""
        await act(self.tenant.client, "updateIntegration", {"id": self.node, **values})


@pytest.fixture
async def live(organization: Tenant, client: Cycle, http, vendor: Vendor, database: Database) -> Live:
    """Verified without a job: its row says so."""
    await define(organization, "vendor", checked(vendor.url, fields=FIELDS, credential={"token": "{token}"}))
    made = await client.make(vendor="vendor", name="Images", auth={"api_key": TOKEN}, extra={"region": "eu"})
    assert made["state"]["current"] == "new"
    async with database.write() as session:
        row = update(Integration).where(col(Integration.id) == made["id"])
        await session.execute(row.values(state=IntegrationState.LIVE))
        held = select(col(Connection.id)).where(col(Connection.organization_id) == organization.id)
        connection = (await session.execute(held)).scalar_one()
    (integration,) = await listed(organization.client, "integrations", "id")
    return Live(
        id=made["id"],
        node=integration["id"],
        connection=connection,
        url=vendor.url,
        tenant=organization,
        cycle=client,
        informer=Informer(http, organization.token),
        database=database,
    )


EQUAL: dict[str, Callable[[Live], Awaitable[Any]]] = {
    "GraphQL: nothing": lambda live: live.update(),
    "GraphQL: equal values": lambda live: live.update(
        name="Images", identifier=None, description="", vendor="vendor", mode="SHARED"
    ),
    "GraphQL: an equal auth group": lambda live: live.update(
        auth={"type": "BEARER", "apiBaseUrl": live.url, "scopes": [], "headers": [], "parameters": {"region": "eu"}}
    ),
    "GraphQL: the same secret": lambda live: live.update(secret={"fields": {"token": TOKEN}}),
    "GraphQL: the same connection": lambda live: act(
        live.tenant.client, "updateConnection", {"id": live.connection, "secret": {"fields": {"token": TOKEN}}}
    ),
    "GraphQL: registered again": lambda live: act(
        live.tenant.client,
        "registerConnections",
        {"integrationId": live.node, "connectionIds": [live.connection], "defaultConnectionId": live.connection},
    ),
    "Informer: the same authType": lambda live: live.informer.ok(
        "PUT", f"/integrations/{live.id}", {"authType": "bearer", "name": "Images"}
    ),
    "Informer: all of it": lambda live: live.informer.ok(
        "PUT",
        f"/integrations/{live.id}",
        {"type": "vendor", "authType": "bearer", "apiBaseUri": live.url, "scope": "", "data": {"region": "eu"}},
    ),
    "Cycle: nothing": lambda live: live.cycle.ok("PATCH", f"/{live.id}", {}),
    "Cycle: the mask": lambda live: live.cycle.ok(
        "PATCH", f"/{live.id}", {"name": "Images", "auth": {"api_key": "token..."}, "extra": {"region": "eu"}}
    ),
    "Cycle: the same secret": lambda live: live.cycle.ok("PATCH", f"/{live.id}", {"auth": {"api_key": TOKEN}}),
}


@both
@pytest.mark.parametrize("change", EQUAL.values(), ids=EQUAL.keys())
async def test_equal_values_change_nothing(live: Live, change: Callable[[Live], Awaitable[Any]]) -> None:
    before = await snapshot(live.database, live.tenant.id)

    await change(live)

    assert changes(before, await snapshot(live.database, live.tenant.id)) == []


async def _move(live: Live) -> None:
    await act(live.tenant.client, "updateConnection", {"id": live.connection, "baseUrl": "https://eu.example.com"})


async def _unregister(live: Live) -> None:
    given = {"integrationId": live.node, "connectionId": live.connection}
    await act(live.tenant.client, "unregisterConnection", given)


async def _delete(live: Live) -> None:
    query = "mutation($id: ID!) { deleteConnection(id: $id) { __typename } }"
    deleted = await live.tenant.client.query(query, id=live.connection)
    assert deleted["deleteConnection"]["__typename"] == "DeletePayload"


async def _also_elsewhere(live: Live) -> None:
    other = await live.informer.make(name="Other")
    given = {"integrationId": other["id"], "connectionIds": [live.connection]}
    await act(live.tenant.client, "registerConnections", given)
    await live.informer.ok("DELETE", f"/integrations/{live.id}/connection", status=204)


async def _another_default(live: Live) -> None:
    given = {
        "integrationId": live.node,
        "mode": "SHARED",
        "default": True,
        "secret": {"fields": {"token": "another"}},
    }
    await act(live.tenant.client, "createConnection", given)


OTHER: dict[str, Callable[[Live], Awaitable[Any]]] = {
    "another address": lambda live: live.update(auth={"apiBaseUrl": "https://eu.example.com"}),
    "no address": lambda live: live.update(auth={"apiBaseUrl": None}),
    "another header": lambda live: live.update(auth={"headers": [{"name": "X-Zone", "value": "eu"}]}),
    "another type": lambda live: live.update(auth={"type": "API_KEY", "apiKeyName": "X-Key"}),
    "another parameter": lambda live: live.update(auth={"parameters": {"region": "us"}}),
    "another address of the connection": _move,
    "another secret": lambda live: live.update(secret={"fields": {"token": "another"}}),
    "another default": _another_default,
    "unregistered": _unregister,
    "deleted": _delete,
    "Informer: another address": lambda live: live.informer.ok(
        "PUT", f"/integrations/{live.id}", {"apiBaseUri": "https://eu.example.com"}
    ),
    "Informer: disconnected": lambda live: live.informer.ok(
        "DELETE", f"/integrations/{live.id}/connection", status=204
    ),
    "Informer: disconnected here only": _also_elsewhere,
    "Informer: connected with another": lambda live: live.informer.ok(
        "POST", f"/integrations/{live.id}/connect", {"token": "another"}, 201
    ),
    "Cycle: another secret": lambda live: live.cycle.ok("PATCH", f"/{live.id}", {"auth": {"api_key": "another"}}),
    "Cycle: withdrawn": lambda live: live.cycle.ok("PATCH", f"/{live.id}", {"auth": None}),
    "Cycle: another parameter": lambda live: live.cycle.ok("PATCH", f"/{live.id}", {"extra": {"region": "us"}}),
}


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
async def test_is_new_again_with_another_credential_or_address(
    live: Live, change: Callable[[Live], Awaitable[Any]]
) -> None:
    await change(live)

    assert await live.state() == "NEW"


async def test_stays_live_where_neither_changes(live: Live) -> None:
    await live.update(name="Pictures", description="New", auth={"headers": None})
    await live.cycle.ok("PATCH", f"/{live.id}", {"identifier": "pictures"})
    await act(live.tenant.client, "updateConnection", {"id": live.connection, "name": "Other"})
    own = {"integrationId": live.node, "secret": {"fields": {"token": "my-own"}}}
    mine = await act(live.tenant.client, "createConnection", own)
    await act(live.tenant.client, "unregisterConnection", {"integrationId": live.node, "connectionId": mine["id"]})

    assert await live.state() == "LIVE"


async def test_a_refused_change_costs_no_verification(live: Live) -> None:
    refused = await attempt(
        live.tenant.client, "updateIntegration", {"id": live.node, "auth": {"apiBaseUrl": "no address"}}, "id"
    )

    assert refused["code"] == "INVALID_INPUT"
    assert await live.state() == "LIVE"
