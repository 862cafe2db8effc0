"""Fixtures of the tests of OAuth: a vendor, and an app on it with a connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.database import Database
from models.tables import Connection, Event
from tests.harness.acting import act, listed
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.node.provider import Provider, oidc_provider
from tests.oauth.consenting import HOME
from tests.oauth.vendor import Vendor

GET = capability("GET", "GET", "/api")
POST = capability("POST", "POST", "/api")
STATE = "databaseId status lastError lastErrorAt expiresAt grantedScopes authType details version"


@dataclass(frozen=True, kw_only=True)
class Connected:
    """An app on a vendor, and the connection that its calls go along with."""

    app: App
    client: GraphQL
    database: Database
    organization_id: str
    id: str

    async def run(self, name: str = "GET", **more: Any) -> dict[str, Any]:
        """The dispatch of a capability."""
        return await self.app.run(name, **more)

    async def refused(self, name: str = "GET", **more: Any) -> dict[str, Any]:
        """The problem that a dispatch was refused with."""
        return await self.app.refused(name, **more)

    async def shown(self) -> dict[str, Any]:
        """The connection as the graph shows it."""
        (one,) = await listed(self.client, "connections", STATE)
        return one

    async def row(self) -> Connection:
        """The connection as it is stored."""
        async with self.database.read() as session:
            return (await session.execute(select(Connection).where(col(Connection.id) == self.id))).scalar_one()

    async def under_renewal(self) -> bool:
        """Whether somebody has the lease."""
        return (await self.row()).lease_owner is not None

    async def at_rest(self) -> bool:
        """Whether nobody has."""
        return not await self.under_renewal()

    async def change(self, **values: Any) -> None:
        """As time or another process would change it."""
        async with self.database.write() as session:
            await session.execute(update(Connection).where(col(Connection.id) == self.id).values(**values))

    async def expire(self) -> None:
        """The access token is over."""
        await self.change(expires_at=1, issued_at=None)

    async def said(self) -> list[str]:
        """What the hub said of the connection, oldest first."""
        said = select(col(Event.type)).where(col(Event.entity_id) == self.id).order_by(col(Event.id))
        async with self.database.read() as session:
            return list((await session.execute(said)).scalars())


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A certified provider, which rotates refresh tokens."""
    with oidc_provider([HOME], scopes=["items:read"]) as running:
        yield running


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor of the test's own."""
    with Vendor() as running:
        yield running


@pytest.fixture
def connect(organization: Tenant, vendor: Vendor, database: Database) -> Callable[..., Awaitable[Connected]]:
    """Connects an app of the test's organization: `await connect(expiresAt=…)`, parts of the secret by name."""
    return lambda **secret: connected(organization.client, vendor, database, **secret)


async def connected(client: GraphQL, vendor: Vendor, database: Database, **secret: Any) -> Connected:
    """An app on the vendor with a shared connection; `secret` are parts of its OAuth tokens, `auth` of its app."""
    auth = vendor.auth | secret.pop("auth", {})
    capabilities = secret.pop("capabilities", (GET, POST))
    shop = await app(client, vendor.url, *capabilities, auth=auth)
    tokens = {"accessToken": "at-0", "refreshToken": "rt-0", "scopes": ["read"]} | secret
    made = {"integrationId": shop.id, "mode": "SHARED", "secret": {"oauth2": tokens}}
    connection = await act(client, "createConnection", made, "databaseId")
    organization = (await client.query("{ viewer { organization { databaseId } } }"))["viewer"]["organization"]
    return Connected(
        app=shop,
        client=client,
        database=database,
        organization_id=organization["databaseId"],
        id=connection["databaseId"],
    )
