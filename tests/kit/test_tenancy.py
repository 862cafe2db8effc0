"""Another organization's rows do not exist, but for the four exceptions that `resolvers/scope.py` names."""

from __future__ import annotations

import pytest

from models.row import new_id
from models.tables import Installation
from models.vocabulary import PublicationVisibility
from resolvers.people.viewer import MOST_NODES
from schema.kit.ids import global_id, parse_global_id
from schema.kit.node import TABLES
from tests.harness.backends import both
from tests.harness.graph import SCHEMA, node_types
from tests.harness.matrix import mentioned
from tests.harness.publications import plant, publication_of
from tests.harness.rows import ids_in, snapshot
from tests.harness.walk import fields_with_arguments, pages_of, walk

pytestmark = both
#: Kinds that an estate has none of. Public apps exist for everybody (`tests/publishing/test_public.py`).
APART = {"Publication"}
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } nodes(ids: [$id]) { __typename id } }"


@pytest.fixture
async def foreign_app(estate, new_estate, database):
    """An estate, another one whose app is installed on it, and that installation, made as an installer would."""
    publisher = await new_estate()
    installation = Installation(
        organization_id=estate.tenant.id,
        integration_id=publisher.integration.id,
        handler=f"{publisher.integration.handler}_2",
    )
    async with database.write() as session:
        session.add(installation)
    return estate, publisher, installation


@pytest.mark.parametrize("kind", [kind.name for kind in node_types() if kind.name not in APART])
async def test_ids_of_another_organization_look_as_if_they_did_not_exist(stranger, estate, database, kind):
    client, rows = stranger.tenant.client, await snapshot(database, estate.tenant.id)
    ids = sorted(ids_in(rows))
    (own, *_) = rows[TABLES[kind].__tablename__].values()

    for start in range(0, len(ids), MOST_NODES):
        theirs = [global_id(kind, row_id) for row_id in ids[start : start + MOST_NODES]]
        nobodys = [global_id(kind, new_id()) for _ in theirs]
        assert (await client.raw(NODES, ids=theirs)).content == (await client.raw(NODES, ids=nobodys)).content
    answer = await client.raw(NODE, id=global_id(kind, own["id"]))
    absent = await client.raw(NODE, id=global_id(kind, new_id()))

    assert answer.content == absent.content
    assert answer.json()["data"] == {"node": None, "nodes": [None]}


async def test_ids_of_its_own_are_found(estate, database):
    rows = await snapshot(database, estate.tenant.id)
    shown = {kind.name: TABLES[kind.name].__tablename__ for kind in node_types() if kind.name not in APART}

    found = [
        (await estate.tenant.client.query(NODE, id=global_id(kind, row["id"])))["node"]
        for kind, table in shown.items()
        for row in rows[table].values()
    ]

    assert None not in found
    assert {node["__typename"] for node in found} == set(shown)


async def test_nothing_that_can_be_walked_is_another_organizations(victim, stranger, database):
    theirs = ids_in(await snapshot(database, victim.tenant.id))
    own = ids_in(await snapshot(database, stranger.tenant.id))

    seen = await walk(stranger.tenant.client)

    built_in = {one for one, node in seen.items() if node["__typename"] == "Definition" and not node["custom"]}
    reached = {parse_global_id(one)[1] for one in seen.keys() - built_in}
    texts = mentioned(seen)
    assert reached & theirs == set()
    assert [text for text in texts if victim.word in text or text in theirs] == []
    assert reached <= own
    assert {seen[one]["vendor"] for one in built_in} == {"lake", "mill"}
    assert {node["__typename"] for node in seen.values()} >= {kind.name for kind in node_types()} - APART
    assert [page for page, rows in pages_of(seen).items() if rows == 0] == []


async def test_a_private_publication_is_its_own_organizations(estate, stranger, database):
    publication = publication_of(estate.integration, visibility=PublicationVisibility.PRIVATE)
    await plant(database, publication)
    named = global_id("Publication", publication.id)

    own = await estate.tenant.client.query(NODE, id=named)
    answer = await stranger.tenant.client.raw(NODE, id=named)

    assert own["node"] == {"__typename": "Publication", "id": named}
    absent = await stranger.tenant.client.raw(NODE, id=global_id("Publication", new_id()))
    assert answer.content == absent.content


def test_the_walk_leaves_nothing_out_but_look_ups_by_name():
    assert fields_with_arguments() == ["Integration.capability"]
    assert {kind.name for kind in node_types()} == set(TABLES)
    assert SCHEMA.query_type is not None


async def test_a_foreign_app_shows_only_its_public_side(foreign_app, database):
    installer, publisher, installation = foreign_app
    theirs = ids_in(await snapshot(database, publisher.tenant.id))

    seen = await walk(installer.tenant.client)

    app = seen[global_id("Integration", publisher.integration.id)]
    reached = {(node["__typename"], node["databaseId"]) for node in seen.values() if node["databaseId"] in theirs}
    (event_type,) = app["eventTypes"]["nodes"]
    assert reached == {
        ("Integration", publisher.integration.id),
        ("Capability", publisher.capability.id),
        ("EventType", parse_global_id(event_type["id"])[1]),
    }
    assert (app["auth"], app["workspace"], app["owner"], app["connection"]) == (None, None, None, None)
    assert app["publisher"]["slug"] == publisher.tenant.slug
    assert app["installations"]["nodes"] == [
        {"__typename": "Installation", "id": global_id("Installation", installation.id)}
    ]
    for page in ("connections", "events", "dispatches", "auditEntries"):
        assert app[page]["nodes"] == []
    assert (app["ownedByViewer"], app["viewerCanManage"]) == (False, False)


async def test_a_publisher_sees_that_its_app_is_installed_and_nothing_else_of_the_installer(foreign_app, database):
    installer, publisher, installation = foreign_app
    theirs = ids_in(await snapshot(database, installer.tenant.id))

    seen = await walk(publisher.tenant.client)

    reached = {(node["__typename"], node["databaseId"]) for node in seen.values() if node["databaseId"] in theirs}
    shown = seen[global_id("Installation", installation.id)]
    assert reached == {("Installation", installation.id)}
    assert shown["organization"]["slug"] == installer.tenant.slug
    assert shown["events"]["nodes"] == []
    assert [text for text in mentioned(seen) if installer.word in text] == []
