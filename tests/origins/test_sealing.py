"""Envelopes of before the origins are sealed anew at a start, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from models.database import Database
from models.secret_column import secret_place
from models.secret_place import SecretPlace
from models.tables import Connection
from resolvers.rotation.binding import seal_origins
from server import create_app
from settings import Settings
from tests.harness.backends import both
from tests.harness.calling import app, capability
from tests.harness.server import RunningHub, served
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

GET = capability("GET", "GET", "/me")


async def row_of(database: Database, tenant: Tenant) -> Connection:
    async with database.read() as session:
        statement = select(Connection).where(col(Connection.organization_id) == tenant.id)
        return (await session.execute(statement)).scalar_one()


@both
async def test_a_start_seals_former_envelopes_together_with_their_origins(
    organization: Tenant,
    hub: RunningHub,
    database: Database,
    service: FaultServer,
    settings_beside: Callable[..., Settings],
    tmp_path: Path,
):
    shop = await app(organization.client, service.url, GET, auth={"type": "API_KEY"}, secret={"apiKey": "k-4711"})
    wired, row = hub.app.state.hub, await row_of(database, organization)
    former = SecretPlace(organization_id=row.organization_id, table="connection", row_id=row.id, column="secret")
    plain = wired.keyring.open(row.secret, secret_place(row, "secret"))
    async with database.write() as session:
        stored = await session.get_one(Connection, row.id)
        stored.secret = wired.keyring.seal(plain, former)

    before = await shop.echo("GET")
    with served(create_app(settings_beside(tmp_path))):
        after_the_start = await row_of(database, organization)
    again = await hub.run(seal_origins(wired))
    after = await row_of(database, organization)

    assert (before["ok"], after_the_start.secret[:1], again) == (True, b"\x02", 0)
    assert after.secret == after_the_start.secret
    assert wired.keyring.open(after.secret, secret_place(after, "secret")) == plain
    assert (await shop.echo("GET"))["ok"] is True
