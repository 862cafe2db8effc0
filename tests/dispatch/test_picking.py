"""Which connection a dispatch uses: named, one's own, the shared default; never a guess, never a stranger's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from models.row import new_id
from models.tables import Connection, Dispatch, Installation
from models.vocabulary import ConnectionStatus, InstallationStatus, Permission, Selection
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL

pytestmark = both
GET = capability("GET", "GET", "/anything")
BEARER = {"auth": {"type": "BEARER"}}


async def connected(client: GraphQL, shop: App, token: str, **more: Any) -> str:
    given = {"integrationId": shop.id, "name": token, "secret": {"bearerToken": token}, **more}
    return (await act(client, "createConnection", given))["id"]


async def used(shop: App, **more: Any) -> tuple[str | None, str | None]:
    """The token that arrived, and the id of the connection that the record names."""
    done = await shop.run("GET", **more)
    connection = done["dispatch"]["connection"]
    return done["response"]["json"]["headers"].get("Authorization"), connection and connection["id"]


async def test_ones_own_comes_before_the_shared_one(organization, httpbin) -> None:
    shop = await app(organization.client, httpbin, GET, **BEARER)
    await organization.add_user("other")
    other = await organization.signed_in(*Permission, username="other")
    shared = await connected(organization.client, shop, "shared", mode="SHARED", default=True)
    own = await connected(organization.client, shop, "own")

    assert await used(shop) == ("Bearer own", own)
    assert await used(shop, connectionId=shared) == ("Bearer shared", shared)
    assert await used(shop.by(other)) == ("Bearer shared", shared)
    stranger = await shop.by(other).refused("GET", connectionId=own)
    assert (stranger["code"], stranger["path"]) == ("FORBIDDEN", ["input", "connectionId"]), (
        "an administrator sees it"
    )


async def test_refuses_to_guess_among_several(organization, httpbin, canary) -> None:
    shop = await app(organization.client, canary.url, GET, **BEARER)
    first = await connected(organization.client, shop, "first", mode="SHARED", baseUrl=httpbin)
    second = await connected(organization.client, shop, "second", mode="SHARED", baseUrl=httpbin)

    refused = await shop.refused("GET")
    plan = await shop.plan("GET")
    named = await used(shop, connectionId=first)
    default = {"integrationId": shop.id, "connectionIds": [second], "defaultConnectionId": second}
    await act(organization.client, "registerConnections", default)

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "AMBIGUOUS_CONNECTION")
    assert (plan["allowed"], plan["reason"], plan["connection"]) == (False, "AMBIGUOUS_CONNECTION", None)
    assert named == ("Bearer first", first)
    assert await used(shop) == ("Bearer second", second)
    assert canary.connections == 0


async def test_a_connection_that_no_longer_works_is_not_used(organization, canary, database) -> None:
    shop = await app(organization.client, canary.url, GET, **BEARER)
    await connected(organization.client, shop, "t", mode="SHARED")
    (row,) = await listed(organization.client, "connections", "databaseId")
    async with database.write() as session:
        (await session.get(Connection, row["databaseId"])).status = ConnectionStatus.NEEDS_RECONNECT

    refused = await shop.refused("GET")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NEEDS_RECONNECT")
    assert canary.connections == 0


async def test_without_a_connection_nothing_is_sent(organization, canary) -> None:
    shop = await app(organization.client, canary.url, GET, **BEARER)

    refused = await shop.refused("GET")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NO_CONNECTION")
    assert canary.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []


async def test_an_installer_uses_the_publishers_token_unseen(
    organization, new_organization, httpbin, database
) -> None:
    publisher = await new_organization()
    theirs = await app(publisher.client, httpbin, GET, name="Theirs", **BEARER)
    manifest = {"integrationId": theirs.id, "capabilities": [GET], "appToken": "the-publishers-own"}
    await act(publisher.client, "declareCapabilities", manifest)
    (secret,) = await listed(publisher.client, "connections", "id databaseId lastUsedAt")
    await _install(database, organization, publisher)
    shop = App(client=organization.client, id=theirs.id, handler="BORROWED")

    assert await used(shop) == ("Bearer the-publishers-own", None)
    plan = await shop.plan("GET")
    assert (plan["allowed"], plan["connection"]) == (True, None)
    assert "the-publishers-own" not in str(plan)
    assert (await shop.refused("GET", connectionId=secret["id"]))["code"] == "NOT_FOUND"
    assert await listed(organization.client, "connections", "id") == []
    assert await listed(publisher.client, "dispatches", "id") == [], "it is the installer's dispatch"
    (after,) = await listed(publisher.client, "connections", "lastUsedAt")
    assert secret["lastUsedAt"] is None
    assert after["lastUsedAt"] is not None
    async with database.read() as session:
        mine = select(Dispatch).where(Dispatch.organization_id == organization.id)
        assert [row.connection_id for row in (await session.execute(mine)).scalars()] == [None]


async def test_a_publishers_other_connections_are_nobodys_to_borrow(
    organization, new_organization, canary, database
) -> None:
    publisher = await new_organization()
    theirs = await app(publisher.client, canary.url, GET, name="Theirs", secret={"bearerToken": "private"}, **BEARER)
    await _install(database, organization, publisher)
    shop = App(client=organization.client, id=theirs.id, handler="BORROWED")

    refused = await shop.refused("GET")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NO_CONNECTION")
    assert canary.connections == 0


async def _install(database, organization, publisher) -> None:
    """As an installation of another organization's published app is stored."""
    (app,) = await listed(publisher.client, "integrations", "databaseId")
    async with database.write() as session:
        session.add(
            Installation(
                id=new_id(),
                organization_id=organization.id,
                integration_id=app["databaseId"],
                handler="BORROWED",
                status=InstallationStatus.ACTIVE,
                space_selection=Selection.SELECTED,
                site_selection=Selection.SELECTED,
                configuration=b"",
            )
        )
