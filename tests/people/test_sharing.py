"""Shares and owners: who sees a restricted integration, who changes it, and who decides that."""

import asyncio

import pytest
from sqlmodel import col, select

from models.tables import Share
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.integrations.sharing import ShareIntegration, share_integration
from tests.harness.backends import both
from tests.harness.statements import counted
from tests.people.documents import act, audit, integration, names, principal

SHARES = """query ($id: ID!) { integration(by: {id: $id}) {
    viewerCanManage owner { username } shares { level principal { username } } } }"""
EVERYTHING = (
    Permission.INTEGRATIONS_READ,
    Permission.INTEGRATIONS_WRITE,
    Permission.INTEGRATIONS_SHARE,
)


@pytest.fixture
async def people(organization):
    """Ada in the team crew, Bob alone; neither an administrator."""
    ada = await principal(organization.client, "ada")
    bob = await principal(organization.client, "bob")
    crew = await principal(organization.client, "crew", "TEAM", memberIds=[ada["id"]])
    return {"ada": ada["id"], "bob": bob["id"], "crew": crew["id"]}


@pytest.fixture
async def app(organization):
    return await integration(organization.client, "Secret", access="RESTRICTED")


async def share(client, app, principal_id, level=None):
    more = {"level": level} if level else {}
    return await act(client, "shareIntegration", integrationId=app["id"], principalId=principal_id, **more)


async def unshare(client, app, principal_id):
    return await act(client, "unshareIntegration", integrationId=app["id"], principalId=principal_id)


async def shown(client, app):
    return (await client.query(SHARES, id=app["id"]))["integration"]


@both
async def test_a_restricted_integration_is_seen_by_whom_it_is_shared_with_through_a_team_too(
    organization, people, app
):
    ada = await organization.signed_in(*EVERYTHING, username="ada")
    bob = await organization.signed_in(*EVERYTHING, username="bob")
    before = [await names(ada), await names(bob), await shown(ada, app)]

    given = await share(organization.client, app, people["crew"])

    assert before == [[], [], None]
    assert given["integration"]["shares"] == [{"level": "VIEW", "principal": {"username": "crew"}}]
    assert [await names(ada), await names(bob)] == [["Secret"], []]
    await act(organization.client, "updatePrincipal", people["crew"], memberIds=[people["bob"]])
    assert [await names(ada), await names(bob)] == [[], ["Secret"]]
    await unshare(organization.client, app, people["crew"])
    assert [await names(ada), await names(bob)] == [[], []]


async def test_view_shows_and_manage_changes(organization, people, app):
    ada = await organization.signed_in(*EVERYTHING, username="ada")
    await share(organization.client, app, people["ada"])
    viewed = await shown(ada, app)
    refused = [
        await act(ada, "updateIntegration", app["id"], name="Mine"),
        await share(ada, app, people["bob"]),
        await unshare(ada, app, people["ada"]),
        await act(ada, "transferIntegration", integrationId=app["id"], principalId=people["ada"]),
        await act(ada, "setIntegrationTags", integrationId=app["id"], tags=["mine"]),
    ]

    await share(organization.client, app, people["crew"], "MANAGE")

    assert viewed["viewerCanManage"] is False
    assert [one["code"] for one in refused] == ["FORBIDDEN"] * 5
    assert await names(organization.client) == ["Secret"]
    assert (await shown(ada, app))["viewerCanManage"] is True
    assert (await act(ada, "updateIntegration", app["id"], name="Ours"))["integration"]["version"] == 2
    assert (await share(ada, app, people["bob"]))["__typename"] == "IntegrationPayload"


async def test_sharing_again_changes_the_level_and_records_it(organization, people, app):
    await share(organization.client, app, people["bob"])
    await share(organization.client, app, people["bob"])

    changed = await share(organization.client, app, people["bob"], "MANAGE")

    assert changed["integration"]["shares"] == [{"level": "MANAGE", "principal": {"username": "bob"}}]
    assert len(await audit(organization.client, "share.created")) == 1
    (entry,) = await audit(organization.client, "share.updated")
    assert entry["changes"] == [{"path": "accessLevel", "oldValue": 1, "newValue": 2}]


async def test_a_number_of_a_level_is_kept_while_the_level_stays(organization, people, app, hub, database):
    operator = Caller.operator(hub.app.state.hub, organization.id)
    user = (await organization.client.query('{ principals(search: "bob") { nodes { databaseId } } }'))["principals"]
    bob = user["nodes"][0]["databaseId"]
    given = ShareIntegration(integration_id=app["databaseId"], principal_id=bob, access_level=7)
    await hub.run(share_integration(operator, given))

    same = await share(organization.client, app, people["bob"], "MANAGE")
    kept = await _level(database, bob)
    await share(organization.client, app, people["bob"], "VIEW")

    assert same["integration"]["shares"][0]["level"] == "MANAGE"
    assert (kept, await _level(database, bob)) == (7, 1)


async def _level(database, principal_id):
    async with database.read() as session:
        return (
            await session.execute(select(col(Share.access_level)).where(col(Share.principal_id) == principal_id))
        ).scalar_one()


async def test_shares_only_with_who_is_there(organization, new_organization, people, app):
    stranger = await principal((await new_organization()).client, "eve")

    refused = [
        await share(organization.client, app, stranger["id"]),
        await share(organization.client, app, "0" * 24),
        await act(organization.client, "transferIntegration", integrationId=app["id"], principalId=stranger["id"]),
        await unshare(organization.client, app, people["bob"]),
    ]

    assert [(one["code"], one["path"]) for one in refused] == [("NOT_FOUND", ["input", "principalId"])] * 4
    assert await shown(organization.client, app) == {
        "viewerCanManage": True,
        "owner": {"username": "admin"},
        "shares": [],
    }


async def test_another_organizations_integration_is_not_shared(organization, new_organization, people):
    foreign = await integration((other := await new_organization()).client)

    refused = await share(organization.client, foreign, people["ada"])

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "integrationId"])
    assert (await shown(other.client, foreign))["shares"] == []


@both
async def test_a_transfer_moves_the_owners_rights(organization, people):
    await act(organization.client, "updatePrincipal", people["bob"], permissions=[word.value for word in EVERYTHING])
    bob = await organization.signed_in(*EVERYTHING, username="bob")
    ada = await organization.signed_in(*EVERYTHING, username="ada")
    own = await integration(bob, "Bobs", access="RESTRICTED")

    moved = await act(bob, "transferIntegration", integrationId=own["id"], principalId=people["crew"])

    assert (moved["integration"]["owner"], moved["integration"]["version"]) == ({"username": "crew"}, 2)
    assert [await names(ada), await names(bob)] == [["Bobs"], []]
    assert (await act(ada, "updateIntegration", own["id"], name="Crews"))["integration"]["version"] == 3
    assert (await act(bob, "updateIntegration", own["id"], name="Bobs"))["code"] == "NOT_FOUND"
    (entry,) = await audit(organization.client, "integration.transferred")
    assert [change["path"] for change in entry["changes"]] == ["ownerId"]


async def test_needs_the_permission_to_share(organization, people, app):
    client = await organization.signed_in(Permission.ORGANIZATION_ADMIN, Permission.INTEGRATIONS_WRITE)
    await share(organization.client, app, people["bob"])

    refused = [
        await share(client, app, people["ada"]),
        await unshare(client, app, people["bob"]),
        await act(client, "transferIntegration", integrationId=app["id"], principalId=people["ada"]),
    ]
    blind = await client.raw(SHARES, id=app["id"])

    assert [one["code"] for one in refused] == ["FORBIDDEN"] * 3
    assert blind.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await shown(organization.client, app))["shares"] == [{"level": "VIEW", "principal": {"username": "bob"}}]


async def test_a_share_is_a_node_for_whom_its_integration_is_there(organization, people, app, database):
    await share(organization.client, app, people["ada"])
    found = await organization.client.query(
        "query ($id: ID!) { integration(by: {id: $id}) { shares { id } } }", id=app["id"]
    )
    node_id = found["integration"]["shares"][0]["id"]
    document = "query ($id: ID!) { node(id: $id) { ... on Share { level principal { username } } } }"
    ada = await organization.signed_in(*EVERYTHING, username="ada")
    bob = await organization.signed_in(*EVERYTHING, username="bob")

    seen = [(await client.query(document, id=node_id))["node"] for client in (ada, bob)]

    assert seen == [{"level": "VIEW", "principal": {"username": "ada"}}, None]


@both
async def test_shares_of_twenty_at_once_are_one(organization, people, app):
    given = await asyncio.gather(*(share(organization.client, app, people["bob"]) for _ in range(20)))

    assert {one["__typename"] for one in given} == {"IntegrationPayload"}
    assert len((await shown(organization.client, app))["shares"]) == 1


async def test_lists_cost_a_statement_a_level(organization, people, hub):
    for number in range(5):
        app = await integration(organization.client, f"App {number}")
        await act(organization.client, "setIntegrationTags", integrationId=app["id"], tags=["a", str(number)])
        await share(organization.client, app, people["crew"])
        await share(organization.client, app, people["ada"])
    below = "{ integrations(first: 5) { nodes { tags { name } shares { principal { teams { username } } } } } }"
    people_of = "{ principals { nodes { teams { username } members { username } } } }"

    with counted(hub.app.state.hub.database) as statements:
        apps = (await organization.client.query(below))["integrations"]["nodes"]
        persons = (await organization.client.query(people_of))["principals"]["nodes"]

    assert [len(row["tags"]) for row in apps] == [2] * 5
    assert [len(row["shares"]) for row in apps] == [2] * 5
    assert sum(len(row["members"]) for row in persons) == sum(len(row["teams"]) for row in persons) == 1
    # integrations, tags, shares, their principals, teams; principals, teams, members
    assert len(statements) == 8, statements
