"""Removing a user or a team: refused to owners, and what goes along."""

from sqlalchemy import func, select
from sqlmodel import col

from models.tables import Connection, Principal, Share, TeamMember, Token
from models.vocabulary import Permission
from tests.harness.backends import both
from tests.people.documents import act, audit, integration, principal
from tests.people.test_principals import listed


async def test_refuses_to_remove_an_owner_and_names_what_it_owns(organization):
    user = await principal(organization.client, "ada")
    for number in range(7):
        await integration(organization.client, f"App {number}", ownerId=user["id"])

    refused = await act(organization.client, "deletePrincipal", user["id"])

    assert refused["code"] == "CONFLICT"
    assert refused["message"] == (
        "It owns APP_0, APP_1, APP_2, APP_3, APP_4 and 2 more; give them another owner first."
    )
    assert await listed(organization.client) == ["ada", "admin"]


@both
async def test_removing_takes_shares_tokens_memberships_and_own_connections_along(organization, database):
    user = await principal(organization.client, "ada")
    await principal(organization.client, "crew", "TEAM", memberIds=[user["id"]])
    app = await integration(organization.client)
    gone = await integration(organization.client, "Gone", ownerId=user["id"])
    await organization.client.query(
        "mutation ($id: ID!) { deleteIntegration(id: $id) { __typename } }", id=gone["id"]
    )
    await act(organization.client, "shareIntegration", integrationId=app["id"], principalId=user["id"])
    client = await organization.signed_in(Permission.CONNECTIONS_WRITE, Permission.INTEGRATIONS_READ, username="ada")
    for mode in ("PER_USER", "SHARED"):
        await client.query(
            """mutation ($input: CreateConnectionInput!) { createConnection(input: $input) { __typename } }""",
            input={"mode": mode, "name": mode, "secret": {"bearerToken": "s3cret"}},
        )

    removed = await act(organization.client, "deletePrincipal", user["id"])

    assert removed["deletedId"] == user["id"]
    assert (await client.raw("{ viewer { permissions } }")).status_code == 401
    assert await _counts(database, organization.id, user["databaseId"]) == [0, 0, 0, 0, 0]
    async with database.read() as session:
        kept = await session.execute(
            select(col(Connection.name)).where(col(Connection.organization_id) == organization.id)
        )
        assert kept.scalars().all() == ["SHARED"]
    for action in ("principal.deleted", "share.deleted", "token.deleted", "connection.deleted"):
        assert len(await audit(organization.client, action)) == 1
    assert "s3cret" not in str(await audit(organization.client, "connection.deleted"))


async def _counts(database, organization_id, principal_id):
    columns = [
        (Principal, Principal.id),
        (Share, Share.principal_id),
        (TeamMember, TeamMember.user_id),
        (Token, Token.principal_id),
        (Connection, Connection.principal_id),
    ]
    async with database.read() as session:
        return [
            (
                await session.execute(select(func.count()).select_from(model).where(col(column) == principal_id))
            ).scalar()
            for model, column in columns
        ]
