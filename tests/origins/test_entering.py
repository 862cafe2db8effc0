"""A secret entered anew goes to no address of an integration where somebody else registered its connection."""

from __future__ import annotations

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, update
from sqlmodel import col

from models.database import Database
from models.tables import Integration, Registration
from models.vocabulary import Permission
from tests.harness.acting import act, listed, refusal
from tests.harness.backends import both
from tests.harness.calling import App, capability
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

KEYS = {"apiKey": "key-of-the-service-4711"}, {"apiKey": "new-key-of-the-service-4712"}


async def made(client: GraphQL, at: FaultServer) -> App:
    """An app of this client's on a service."""
    auth = {"type": "API_KEY", "apiBaseUrl": at.url}
    given = {"name": "App", "auth": auth, "capabilities": [capability("GET", "GET", "/me")]}
    found = await act(client, "createIntegration", given, "id handler")
    return App(client=client, id=found["id"], handler=found["handler"])


async def register(client: GraphQL, app: App, connection: str) -> None:
    await act(client, "registerConnections", {"integrationId": app.id, "connectionIds": [connection]})


async def entered(client: GraphQL, connection: str) -> list[str]:
    """Enter a new secret; answers the hosts that get it."""
    return (await act(client, "updateConnection", {"id": connection, "secret": KEYS[1]}, "hosts"))["hosts"]


@pytest.fixture
async def member(organization: Tenant) -> GraphQL:
    """A user with every permission but that of administrators."""
    await organization.add_user("mallory")
    words = (word for word in Permission if word not in (Permission.ORGANIZATION_ADMIN, Permission.ACT_AS))
    return await organization.signed_in(*words, username="mallory")


async def test_a_shared_secret_entered_anew_stays_away_from_an_integration_of_somebody_else(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    admin = organization.client
    shop, trap = await made(admin, service), await made(member, thief)
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": KEYS[0]}
    connection = (await act(admin, "createConnection", given))["id"]
    await register(member, trap, connection)

    hosts = await entered(admin, connection)

    assert hosts == [service.url.partition("://")[2]]
    assert (await shop.echo("GET"))["ok"] is True
    assert (await trap.by(admin).refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert (await trap.refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert thief.arrivals == (0, 0)


async def test_nor_does_it_follow_a_connection_that_was_moved_there(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    admin = organization.client
    shop, trap = await made(admin, service), await made(member, thief)
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": KEYS[0]}
    connection = (await act(admin, "createConnection", given))["id"]
    await register(member, trap, connection)
    await act(member, "unregisterConnection", {"integrationId": shop.id, "connectionId": connection})

    hosts = await entered(admin, connection)

    assert hosts == []
    assert (await trap.refused("GET"))["reason"] == "ADDRESS_CHANGED"


async def test_an_own_secret_stays_away_from_where_an_administrator_registered_it(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    shop, trap = await made(organization.client, service), await made(organization.client, thief)
    given = {"integrationId": shop.id, "mode": "PER_USER", "secret": KEYS[0]}
    connection = (await act(member, "createConnection", given))["id"]
    await register(organization.client, trap, connection)

    assert await entered(member, connection) == [service.url.partition("://")[2]]
    await register(member, trap, connection)
    assert len(await entered(member, connection)) == 2


async def test_it_goes_where_its_holder_registers_it_and_where_the_caller_owns_the_integration(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    admin = organization.client
    shop, other = await made(admin, service), await made(member, thief)
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": KEYS[0]}
    first, second = [(await act(admin, "createConnection", given))["id"] for _ in range(2)]
    for connection in (first, second):
        await register(member, other, connection)
    await register(admin, other, first)

    assert len(await entered(admin, first)) == 2
    assert len(await entered(admin, second)) == 1
    assert len(await entered(member, second)) == 2


@pytest.mark.parametrize("of_integration", [True, False])
@pytest.mark.parametrize("default", [True, False])
async def test_a_secret_of_the_members_own_makes_no_way_for_the_next_one(
    of_integration: bool,
    default: bool,
    organization: Tenant,
    member: GraphQL,
    service: FaultServer,
    thief: FaultServer,
):
    """Whoever registers a connection at an address of their own may enter a secret there, too."""
    admin = organization.client
    shop, trap = await made(admin, service), await made(member, thief)
    await act(admin, "updateIntegration", {"id": shop.id, "secret": KEYS[0]})
    (connection,) = [one["id"] for one in await listed(admin, "connections", "id")]
    here = {"integrationId": trap.id, "connectionIds": [connection]}
    await act(member, "registerConnections", here | ({"defaultConnectionId": connection} if default else {}))
    own = {"apiKey": "key-of-the-member-4713"}
    if of_integration and default:
        await act(member, "updateIntegration", {"id": trap.id, "secret": own})
    await act(member, "updateConnection", {"id": connection, "secret": own})
    await trap.run("GET")  # with the member's own
    arrived = len(thief.requests)

    hosts = await entered(admin, connection)
    await act(admin, "updateIntegration", {"id": shop.id, "secret": {"apiKey": "newer-key-4714"}})

    assert hosts == [service.url.partition("://")[2]]
    assert (await shop.echo("GET"))["ok"] is True
    assert (await trap.refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert len(thief.requests) == arrived


async def test_an_address_that_a_member_changed_is_not_kept_by_a_secret_entered_elsewhere(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    admin = organization.client
    shop, other = await made(admin, service), await made(admin, service)
    await act(admin, "updateIntegration", {"id": shop.id, "secret": KEYS[0]})
    (connection,) = [one["id"] for one in await listed(admin, "connections", "id")]
    await register(admin, other, connection)
    await act(member, "updateIntegration", {"id": other.id, "auth": {"apiBaseUrl": thief.url}})
    before = thief.arrivals
    await act(member, "updateConnection", {"id": connection, "secret": {"apiKey": "key-of-the-member-4713"}})

    await act(admin, "updateIntegration", {"id": shop.id, "secret": KEYS[1]})

    assert (await other.by(member).refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert thief.arrivals == before


async def test_the_address_of_a_shared_connection_is_changed_by_those_who_speak_for_it(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    admin = organization.client
    shop = await made(admin, service)
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": KEYS[0]}
    connection = (await act(admin, "createConnection", given))["id"]

    refused = await refusal(member, "updateConnection", {"id": connection, "baseUrl": thief.url})

    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["input", "baseUrl"])
    assert await act(member, "updateConnection", {"id": connection, "name": "Renamed"})
    assert await act(admin, "updateConnection", {"id": connection, "baseUrl": thief.url})


@both
async def test_the_migration_confirms_the_registrations_that_stand(database, organization: Tenant):
    given = {"name": "App", "secret": KEYS[0], "auth": {"type": "API_KEY"}}
    await act(organization.client, "createIntegration", given)
    mine = col(Registration.integration_id) == (await _id_of(database, organization))
    async with database.write() as session:
        await session.execute(update(Registration).where(mine).values(confirmed=False))
        await (await session.connection()).run_sync(_migrate)

    async with database.read() as session:
        (registration,) = (await session.execute(select(Registration).where(mine))).scalars()
    assert registration.confirmed is True


async def test_a_changed_address_of_the_integration_that_it_was_entered_at_is_bound(
    organization: Tenant, member: GraphQL, service: FaultServer, thief: FaultServer
):
    """Also by a user who does not hold the integration."""
    shop = await made(organization.client, thief)
    given = {"integrationId": shop.id, "mode": "PER_USER", "secret": KEYS[0]}
    connection = (await act(member, "createConnection", given))["id"]
    moved = {"id": shop.id, "auth": {"apiBaseUrl": service.url}}
    await act(organization.client, "updateIntegration", moved)
    before = await shop.by(member).refused("GET")

    await entered(member, connection)

    assert before["reason"] == "ADDRESS_CHANGED"
    assert (await shop.by(member).echo("GET"))["ok"] is True


async def _id_of(database: Database, tenant: Tenant) -> str:
    async with database.read() as session:
        own = select(col(Integration.id)).where(col(Integration.organization_id) == tenant.id)
        return (await session.execute(own)).scalar_one()


def _migrate(connection: Connection) -> None:
    migration = importlib.import_module("models.migrations.versions.0014_confirmed_registrations")
    with Operations.context(MigrationContext.configure(connection)):
        migration.confirm_those_that_stand()
