"""The list of events: patterns find what they mean, and each filter's first page is read along an index."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import literal, select, text, true
from sqlmodel import col

from models.row import new_id
from models.tables import Event
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.events.queries import EventFilter, _chosen
from resolvers.filters import matching
from resolvers.merging import names
from resolvers.page import NEWEST_FIRST, SliceRequest, ordering
from resolvers.work import Work
from tests.harness.acting import act, listed
from tests.harness.backends import both

DAY_MS = 24 * 3600 * 1000
FILTERS = {
    "none": (EventFilter(), "ix_event_organization_id_id"),
    "type": (EventFilter(type=("Shop.PAID",)), "ix_event_organization_id_type_id"),
    "pattern": (EventFilter(type=("Hub.*",)), "ix_event_organization_id_type_id"),
    "all types": (EventFilter(type=("*", "Hub.*")), "ix_event_organization_id_id"),
    "entity": (EventFilter(entity_id="order-1"), "ix_event_organization_id_entity_id_id"),
    "integration": (EventFilter(integration_id=(new_id(),)), "ix_event_organization_id_integration_id_id"),
    "integrations": (EventFilter(integration_id=(new_id(), new_id())), "ix_event_organization_id_integration_id_id"),
    "times": (EventFilter(since=DAY_MS, until=2 * DAY_MS), "ix_event_organization_id_id"),
}


@both
@pytest.mark.parametrize("name", FILTERS)
async def test_reads_the_first_page_of_each_filter_along_an_index(name, organization, database, hub):
    chosen, index = FILTERS[name]
    await act(organization.client, "createIntegration", {"name": "Shop"})
    page = SliceRequest()
    async with database.read() as session:
        work = Work(Caller.of_hub(hub.app.state.hub, organization.id), lambda: session)
        statement = await _chosen(work, chosen, page)
        statement = statement.order_by(*ordering(Event, NEWEST_FIRST, page)).limit(page.size + 1)
        shown = str(statement.compile(database.engine, compile_kwargs={"literal_binds": True}))
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
            await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = await (await session.connection()).exec_driver_sql(f"{explain} {shown}")
        lines = [str(line) for line in plan.all()]

    assert any(index in line for line in lines), lines
    assert not any("SCAN event" in line and "INDEX" not in line for line in lines), lines
    assert not any("Seq Scan on event" in line for line in lines), lines


@both
async def test_a_pattern_finds_types_by_their_beginning_whatever_the_letters(database):
    values = ["Shop.A", "Shop.Z", "shop.A", "Shop", "Shop/", "Shoq", "Shop.\u00e9", "Shop.\U0010ffff", "\ud7ff"]
    values.append("\ue000")
    found = {}
    async with database.read() as session:
        for pattern in ("Shop.*", "Shop*", "*", "Shop.\U0010ffff*", "\ud7ff*"):
            kept = []
            for value in values:
                column = literal(value) if database.is_sqlite else literal(value).collate("C")
                if (
                    await session.execute(select(*matching(column, (pattern,), binary=True) or [true()]))
                ).scalar_one():
                    kept.append(value)
            found[pattern] = kept

    assert found == {
        pattern: [value for value in values if value.startswith(pattern.removesuffix("*"))] for pattern in found
    }


@both
async def test_several_patterns_are_one_list_without_gap_or_duplicate(organization):
    for name in ("A", "B", "C"):
        await act(organization.client, "createIntegration", {"name": name})
    every = await listed(organization.client, "events", "id type")
    types = '["Hub.integration.*", "Hub.installation.created", "Hub.*"]'

    pages, after = [], ""
    while True:
        shown = "nodes { id type } pageInfo { hasNextPage endCursor }"
        document = f"{{ events(first: 2, filter: {{type: {types}}}{after}) {{ {shown} }} }}"
        page = (await organization.client.query(document))["events"]
        pages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'

    assert len(every) == 6
    assert pages == every


@both
async def test_merged_lists_have_the_rows_and_the_order_of_one_list(organization, database, hub):
    random = Random(7)
    integrations = [new_id(), new_id(), new_id()]
    types = ["Shop.A", "Shop.B", "Shop.*", "Shop", "Shoq.A", "shop.a", "Shop.\u00e9"]
    rows = [_event(organization.id, n, random.choice(types), random.choice(integrations)) for n in range(60)]
    async with database.write() as session:
        session.add_all(rows)
    patterns = [*types, "Shop*", "S*", "*", "None*", "None", "None.A", "None.B"]

    async with database.read() as session:
        work = Work(Caller.of_hub(hub.app.state.hub, organization.id), lambda: session)
        for _ in range(80):
            chosen = EventFilter(
                type=tuple(random.choices(patterns, k=random.choice((0, 1, 3)))) if random.random() < 0.9 else None,
                integration_id=tuple(random.choices(integrations, k=2)) if random.random() < 0.5 else None,
            )
            page = SliceRequest(
                size=random.choice((1, 5, 100)),
                backward=random.random() < 0.5,
                after=(random.choice(rows).id,) if random.random() < 0.5 else None,
            )
            plain = work.mine(Event).where(*chosen.conditions())
            expected = await work.slice(plain, Event, NEWEST_FIRST, page)

            assert await work.slice(await _chosen(work, chosen, page), Event, NEWEST_FIRST, page) == expected, (
                chosen,
                page,
            )


@both
async def test_a_walk_through_types_reads_no_type_twice_and_none_beyond_its_beginning(organization, database):
    async with database.write() as session:
        session.add_all(
            _event(organization.id, n, f"{'Shop' if n % 2 else 'Zoo'}.T{n % 20}", None) for n in range(200)
        )
    mine = col(Event.organization_id) == organization.id
    async with database.read() as session:
        found = await names(session, col(Event.type), mine, ("Shop.T1*",), binary=True)
        many = await names(session, col(Event.type), mine, ("*",), binary=True)
        none = await names(session, col(Event.type), mine, ("Shop.X*",), binary=True)

    assert found == ["Shop.T1", "Shop.T11", "Shop.T13", "Shop.T15", "Shop.T17", "Shop.T19"]
    assert (many, none) == (None, [])


def _event(organization_id: str, number: int, type: str, integration_id: str | None) -> Event:
    return Event(
        organization_id=organization_id,
        integration_id=integration_id,
        type=type,
        entity_id="e",
        sequence=1000 + number,
        entity_sequence=number,
        source=Source.GRAPHQL,
        correlation_id=new_id(),
    )
