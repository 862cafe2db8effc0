"""Spaces and sites."""

from models.vocabulary import Permission
from tests.harness.backends import both
from tests.people.documents import act, audit

LIST = """query ($kind: PlaceKind, $search: String, $first: Int, $after: String) {
    places(kind: $kind, search: $search, first: $first, after: $after) {
        totalCount nodes { kind name } pageInfo { endCursor } } }"""


async def listed(client, **given):
    return [node["name"] for node in (await client.query(LIST, **given))["places"]["nodes"]]


async def make(client, name, kind="SPACE", **more):
    return (await act(client, "createPlace", kind=kind, name=name, **more))["place"]


async def test_makes_renames_and_removes_a_place_and_records_it(organization):
    client = organization.client
    made = await make(client, "Handbook", details={"emoji": "1f4d8"})

    renamed = await act(client, "updatePlace", made["id"], name="Manual")
    emptied = await act(client, "updatePlace", made["id"], details=None)
    removed = await act(client, "deletePlace", made["id"])

    assert (made["kind"], made["name"], made["details"]) == ("SPACE", "Handbook", {"emoji": "1f4d8"})
    assert (renamed["place"]["name"], renamed["place"]["details"]) == ("Manual", {"emoji": "1f4d8"})
    assert emptied["place"]["details"] == {}
    assert removed["deletedId"] == made["id"]
    assert await listed(client) == []
    older = (await audit(client, "place.updated"))[1]
    assert older["changes"] == [{"path": "name", "oldValue": "Handbook", "newValue": "Manual"}]
    assert len(await audit(client, "place.created")) == len(await audit(client, "place.deleted")) == 1


@both
async def test_lists_by_kind_and_name_in_pages(organization):
    client = organization.client
    for kind, name in (("SPACE", "beta"), ("SITE", "Zeta"), ("SPACE", "Alpha"), ("SITE", "docs")):
        await make(client, name, kind)

    assert await listed(client) == ["docs", "Zeta", "Alpha", "beta"]
    assert await listed(client, kind="SPACE") == ["Alpha", "beta"]
    assert await listed(client, search="ETA") == ["Zeta", "beta"]
    page = (await client.query(LIST, first=2))["places"]
    assert page["totalCount"] == 4
    assert await listed(client, first=2, after=page["pageInfo"]["endCursor"]) == ["Alpha", "beta"]


async def test_refuses_what_cannot_be(organization):
    made = await make(organization.client, "Handbook")

    empty = await act(organization.client, "createPlace", kind="SITE", name=" ")
    shapeless = await act(organization.client, "createPlace", kind="SITE", name="a", details="b")
    null = await act(organization.client, "updatePlace", made["id"], name=None)

    assert [one["code"] for one in (empty, shapeless, null)] == ["INVALID_INPUT"] * 3
    assert [one["path"][1] for one in (empty, shapeless, null)] == ["name", "details", "name"]
    assert await listed(organization.client) == ["Handbook"]


async def test_another_organizations_place_does_not_exist(organization, new_organization):
    foreign = await make((other := await new_organization()).client, "Theirs")

    changed = await act(organization.client, "updatePlace", foreign["id"], name="Mine")
    removed = await act(organization.client, "deletePlace", foreign["databaseId"])
    node = await organization.client.query("query ($id: ID!) { node(id: $id) { id } }", id=foreign["id"])

    assert [changed["code"], removed["code"], node["node"]] == ["NOT_FOUND", "NOT_FOUND", None]
    assert await listed(other.client) == ["Theirs"]


async def test_needs_the_permissions_of_an_administrator(organization):
    made = await make(organization.client, "Handbook")
    client = await organization.signed_in(Permission.ORGANIZATION_READ)

    refused = [
        await act(client, "createPlace", kind="SITE", name="a"),
        await act(client, "updatePlace", made["id"], name="a"),
        await act(client, "deletePlace", made["id"]),
    ]

    assert [one["code"] for one in refused] == ["FORBIDDEN"] * 3
    assert await listed(client) == ["Handbook"]
