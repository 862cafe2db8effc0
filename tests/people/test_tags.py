"""Tags of integrations."""

import asyncio

from models.vocabulary import Permission
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.harness.roles import MEMBERS
from tests.people.documents import act, audit, integration, names

TAGS = "{ tags { id name } }"


async def tag(client, app, *tags):
    return await act(client, "setIntegrationTags", integrationId=app["id"], tags=list(tags))


async def known(client):
    return [one["name"] for one in (await client.query(TAGS))["tags"]]


@both
async def test_replaces_tags_makes_the_unknown_and_drops_the_unused(organization):
    client = organization.client
    one, two = await integration(client, "One"), await integration(client, "Two")
    await tag(client, two, "shared")

    first = await tag(client, one, "Sales", "shared", "sales", " Ops ")
    second = await tag(client, one, "SHARED", "new")

    assert [row["name"] for row in first["integration"]["tags"]] == ["Ops", "Sales", "shared"]
    assert [row["name"] for row in second["integration"]["tags"]] == ["new", "shared"]
    assert (first["integration"]["version"], second["integration"]["version"]) == (2, 3)
    assert await known(client) == ["new", "shared"]
    newest, _, _ = await audit(client, "integration.tagged")
    assert newest["changes"] == [
        {"path": "tags", "oldValue": ["Ops", "Sales", "shared"], "newValue": ["new", "shared"]}
    ]


async def test_setting_the_same_tags_changes_nothing(organization):
    app = await integration(organization.client)
    await tag(organization.client, app, "a", "b")

    again = await tag(organization.client, app, "B", "a")

    assert again["integration"]["version"] == 2
    assert len(await audit(organization.client, "integration.tagged")) == 1


@both
async def test_filters_by_tags_of_the_own_organization_only(organization, new_organization, hub, database):
    client, other = organization.client, await new_organization()
    for name, tags in (("One", ["a"]), ("Two", ["b", "c"]), ("Three", [])):
        await tag(client, await integration(client, name), *tags)
    theirs = await integration(other.client, "Theirs")
    await tag(other.client, theirs, "a")
    mine = Apps(hub=hub, database=database, tenant=organization)
    theirs_row = await Apps(hub=hub, database=database, tenant=other).make("Installed")
    await mine.install(theirs_row, "INSTALLED")
    await tag(other.client, {"id": theirs_row.id}, "a")

    assert await names(client, tag=["A"]) == ["One"]
    assert await names(client, tag=["a", "c"]) == ["One", "Two"]
    assert await names(client, tag=["none"]) == []
    assert await names(client, tag=[]) == []
    shown = await client.query("{ integrations { nodes { name tags { name } } } }")
    tags = {node["name"]: [one["name"] for one in node["tags"]] for node in shown["integrations"]["nodes"]}
    assert tags == {"Installed": [], "One": ["a"], "Three": [], "Two": ["b", "c"]}


async def test_a_removed_integration_lets_go_of_its_tags(organization):
    client = organization.client
    one, two = await integration(client, "One"), await integration(client, "Two")
    await tag(client, one, "only", "both")
    await tag(client, two, "both")

    await client.query("mutation ($id: ID!) { deleteIntegration(id: $id) { __typename } }", id=one["id"])

    assert await known(client) == ["both"]


async def test_a_tag_is_a_node_of_its_organization(organization, new_organization):
    app = await integration(organization.client)
    await tag(organization.client, app, "a")
    found = (await organization.client.query(TAGS))["tags"][0]
    document = "query ($id: ID!) { node(id: $id) { ... on Tag { name } } }"

    mine = await organization.client.query(document, id=found["id"])
    theirs = await (await new_organization()).client.query(document, id=found["id"])

    assert (mine["node"], theirs["node"]) == ({"name": "a"}, None)


@both
async def test_a_tag_is_seen_where_one_of_its_integrations_is(organization):
    await organization.add_user("ada", *MEMBERS)
    ada = await organization.signed_in(*MEMBERS, username="ada")
    document = "query ($id: ID!) { node(id: $id) { id } }"
    hidden, open_ = await integration(organization.client, "Merger"), await integration(organization.client, "Open")
    await tag(organization.client, hidden, "acquisition")
    await act(organization.client, "updateIntegration", hidden["id"], access="RESTRICTED")
    (found,) = (await organization.client.query(TAGS))["tags"]

    before = await known(ada), (await ada.query(document, id=found["id"]))["node"]
    tagged = await tag(ada, open_, "Acquisition")

    assert before == ([], None)
    assert tagged["integration"]["tags"] == [{"name": "acquisition"}]
    assert (await ada.query(TAGS))["tags"] == [found]


async def test_refuses_what_cannot_be_and_changes_nothing(organization):
    app = await integration(organization.client)
    await tag(organization.client, app, "kept")

    blank = await tag(organization.client, app, "a", " ")
    many = await tag(organization.client, app, *(f"tag {number}" for number in range(51)))
    unknown = await tag(organization.client, {"id": "0" * 24}, "a")
    reader = await organization.signed_in(Permission.INTEGRATIONS_READ)
    forbidden = await tag(reader, app, "a")

    assert (blank["code"], blank["path"]) == ("INVALID_INPUT", ["input", "tags", "1"])
    assert (many["code"], many["path"]) == ("INVALID_INPUT", ["input", "tags"])
    assert (unknown["code"], forbidden["code"]) == ("NOT_FOUND", "FORBIDDEN")
    assert await known(organization.client) == ["kept"]


@both
async def test_twenty_at_once_leave_every_integration_with_its_tags(organization):
    client = organization.client
    apps = [await integration(client, f"App {number}") for number in range(5)]
    for _ in range(2):
        await asyncio.gather(*(tag(client, app, "a") for app in apps), *(tag(client, app, "b") for app in apps))

    made = await asyncio.gather(*(tag(client, app, "last", str(index)) for index, app in enumerate(apps)))

    assert {one["__typename"] for one in made} == {"IntegrationPayload"}
    shown = await client.query("{ integrations { nodes { tags { name } } } }")
    assert [[one["name"] for one in node["tags"]] for node in shown["integrations"]["nodes"]] == [
        [str(index), "last"] for index in range(5)
    ]
    assert await known(client) == ["0", "1", "2", "3", "4", "last"]
