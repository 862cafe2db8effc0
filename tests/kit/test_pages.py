"""Pages: complete, in a total order, alike in both directions, exact about what lies beyond them."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import delete
from sqlmodel import col

from models.row import name_key, new_id
from models.tables import Capability, Connection, Event, Integration
from models.vocabulary import AuthType, CapabilityEffect, ConnectionMode, HttpMethod, Source
from schema.kit.ids import global_id
from tests.harness.backends import both

pytestmark = both
EVENTS = """
query($first: Int, $after: String, $last: Int, $before: String) {
  events(first: $first, after: $after, last: $last, before: $before) {
    nodes { databaseId } edges { cursor node { databaseId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
CONNECTIONS = EVENTS.replace("events(", "connections(")
CAPABILITIES = """
query($a: ID!, $b: ID!, $afterA: String, $afterB: String) {
  a: node(id: $a) { ... on Integration { capabilities(first: 2, after: $afterA) { ...page } } }
  b: node(id: $b) { ... on Integration { capabilities(first: 2, after: $afterB) { ...page } } }
}
fragment page on CapabilityConnection {
  totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor }
}
"""

NUMBERS = count(1)


@pytest.fixture
def fill(database, organization):
    """Inserts rows that are equal but for their ids; answers the ids."""

    async def fill(make, count):
        rows = [make(organization) for _ in range(count)]
        async with database.write() as session:
            session.add_all(rows)
        return [row.id for row in rows]

    return fill


def event(organization, row_id=None):
    return Event(
        id=row_id or new_id(1_700_000_000_000),
        created_at=1_700_000_000_000,
        organization_id=organization.id,
        type="App.HAPPENED",
        entity_id="APP",
        sequence=next(NUMBERS),
        entity_sequence=1,
        source=Source.HUB,
        correlation_id=new_id(),
    )


def connection(organization):
    return Connection(
        organization_id=organization.id,
        name="Same",
        name_key=name_key("Same"),
        mode=ConnectionMode.SHARED,
        auth_type=AuthType.NONE,
        secret=b"",
    )


async def walked(client, document, size, *, backward=False):
    """Every page in reading direction: the ids on each, and whether there is more either way."""
    pages, cursor = [], None
    field = document.split("{")[1].split("(")[0].strip()
    while True:
        given = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = (await client.query(document, **given))[field]
        info = page["pageInfo"]
        pages.append([node["databaseId"] for node in page["nodes"]])
        assert len(pages) <= 100, "The walk does not end."
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        ends = [edge["cursor"] for edge in (*page["edges"][:1], *page["edges"][-1:])]
        assert ends == [info["startCursor"], info["endCursor"]]
        beyond, before = (info["hasPreviousPage"], info["hasNextPage"]) if backward else (
            info["hasNextPage"], info["hasPreviousPage"],
        )  # fmt: skip
        assert before == (cursor is not None)
        if not beyond:
            return pages
        cursor = info["startCursor"] if backward else info["endCursor"]


@pytest.mark.parametrize(
    ("make", "document", "newest_first"), [(connection, CONNECTIONS, False), (event, EVENTS, True)]
)
async def test_a_walk_over_equal_sort_keys_is_complete(make, document, newest_first, fill, organization):
    ids = sorted(await fill(make, 1000), reverse=newest_first)

    pages = await walked(organization.client, document, 99)

    assert [one for page in pages for one in page] == ids
    assert [len(page) for page in pages] == [99] * 10 + [10]


@pytest.mark.parametrize("size", [1, 3, 7, 20, 21])
async def test_a_walk_backward_is_the_walk_forward_reversed(size, fill, organization):
    ids = sorted(await fill(connection, 20))

    forward = await walked(organization.client, CONNECTIONS, size)
    backward = await walked(organization.client, CONNECTIONS, size, backward=True)

    assert [one for page in forward for one in page] == ids
    assert [one for page in reversed(backward) for one in page] == ids
    assert [len(page) for page in forward] == [len(page) for page in backward]


async def test_rows_that_come_and_go_between_pages_move_no_other(fill, database, organization):
    ids = sorted(await fill(event, 12), reverse=True)
    first = (await organization.client.query(EVENTS, first=4))["events"]
    early = event(organization, new_id(1_800_000_000_000))
    late = event(organization, new_id(1_600_000_000_000))
    async with database.write() as session:
        session.add_all([early, late])
        await session.execute(delete(Event).where(col(Event.id).in_([ids[1], ids[3], ids[6]])))

    rest = (await organization.client.query(EVENTS, first=100, after=first["pageInfo"]["endCursor"]))["events"]

    assert [node["databaseId"] for node in first["nodes"]] == ids[:4]
    assert [node["databaseId"] for node in rest["nodes"]] == [*ids[4:6], *ids[7:], late.id]


async def test_a_page_between_two_cursors_says_that_there_is_more_on_either_side(fill, organization):
    ids = sorted(await fill(connection, 6))
    cursors = [edge["cursor"] for edge in (await organization.client.query(CONNECTIONS))["connections"]["edges"]]

    for given in ({"first": 10}, {"last": 10}):
        answer = await organization.client.query(CONNECTIONS, **given, after=cursors[0], before=cursors[-1])

        page = answer["connections"]
        assert [node["databaseId"] for node in page["nodes"]] == ids[1:-1]
        assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (True, True)


async def test_a_page_has_20_rows_unless_told_otherwise(fill, organization):
    await fill(connection, 21)

    page = (await organization.client.query(CONNECTIONS))["connections"]

    assert len(page["nodes"]) == 20
    assert page["pageInfo"]["hasNextPage"] is True


async def test_an_empty_page_has_no_cursors(organization):
    page = (await organization.client.query(CONNECTIONS))["connections"]

    assert page["nodes"] == page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


@pytest.fixture
async def two_apps(database, organization):
    """Two integrations of five capabilities each."""
    apps = [
        Integration(
            organization_id=organization.id, handler=word, slug=word.lower(), name=word, name_key=word,
            search_text="", vendor="custom", owner_id=organization.admin_id,
        )
        for word in ("A", "B")
    ]  # fmt: skip
    async with database.write() as session:
        session.add_all(apps)
        await session.flush()
        session.add_all(_capability(app, number) for app in apps for number in range(5))
    return [global_id("Integration", app.id) for app in apps]


async def test_pages_of_several_parents_each_go_on_from_their_own_cursor(two_apps, organization):
    ids = dict(zip("ab", two_apps, strict=True))
    names, cursors = {"a": [], "b": []}, {}

    for _ in range(3):
        answer = await organization.client.query(CAPABILITIES, **ids, **cursors)
        for alias, node in answer.items():
            page = node["capabilities"]
            assert page["totalCount"] == 5
            names[alias] += [row["name"] for row in page["nodes"]]
            cursors[f"after{alias.upper()}"] = page["pageInfo"]["endCursor"]
            assert page["pageInfo"]["hasNextPage"] == (len(names[alias]) < 5)

    assert names == {"a": [f"A{n}" for n in range(5)], "b": [f"B{n}" for n in range(5)]}


async def test_counts_what_the_filter_leaves(two_apps, organization):
    count = "query($search: String) { integrations(filter: {search: $search}) { totalCount nodes { name } } }"
    nested = """query($id: ID!) { node(id: $id) { ... on Integration {
      some: capabilities(filter: {effect: READ, method: GET}) { totalCount }
      none: capabilities(filter: {effect: WRITE}) { totalCount } } } }"""

    both = await organization.client.query(count)
    none = await organization.client.query(count, search="nothing like it")
    inside = (await organization.client.query(nested, id=two_apps[0]))["node"]

    assert both["integrations"]["totalCount"] == 2
    assert none["integrations"] == {"totalCount": 0, "nodes": []}
    assert inside == {"some": {"totalCount": 5}, "none": {"totalCount": 0}}


def _capability(app: Integration, number: int) -> Capability:
    return Capability(
        organization_id=app.organization_id,
        integration_id=app.id,
        name=f"{app.handler}{number}",
        field_name=f"do{number}",
        method=HttpMethod.GET,
        endpoint="https://example.com",
        effect=CapabilityEffect.READ,
        input_schema={"type": "object"},
        digest="",
    )
