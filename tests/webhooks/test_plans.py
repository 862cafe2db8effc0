"""Each filter of deliveries is served by an index, with the order of the list, on both databases."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import col

from models.database import Database
from models.row import new_id
from models.tables import Delivery, Webhook
from models.vocabulary import Permission, Source, UpstreamFailure, WorkState
from resolvers.caller import Caller
from resolvers.page import NEWEST_FIRST, SliceRequest, ordering
from resolvers.scope import living
from resolvers.webhooks.queries import DeliveryFilter, _chosen, _parts
from resolvers.work import Work
from tests.harness.backends import both

pytestmark = both
#: The index that serves each filter, in the order of the list.
PLANS: dict[str, tuple[str, Any]] = {
    "webhook_id": ("ix_delivery_webhook_id_id", ("0" * 24,)),
    "state": ("ix_delivery_organization_id_state_id", (WorkState.FAILED,)),
    "event_type": ("ix_delivery_organization_id_event_type_id", ("Shop.PAID",)),
    "entity_id": ("ix_delivery_organization_id_entity_id_id", "a"),
    "status_class": ("ix_delivery_status", (5,)),
    "failure": ("ix_delivery_failure", (UpstreamFailure.TIMEOUT,)),
    "message_id": ("delivery", f"msg_{'0' * 24}"),
    "since": ("ix_delivery_organization_id_id", 1_700_000_000_000),
    "until": ("ix_delivery_organization_id_id", 1_900_000_000_000),
}


@pytest.fixture(scope="module")
async def crowd(database, new_lasting_organization) -> str:
    """The id of an organization with so many deliveries, beside others, that the planner prefers the best index."""
    organizations = [(await new_lasting_organization()).id for _ in range(4)]
    for organization_id in organizations:
        await fill(database, organization_id)
    async with database.write() as session:
        await session.execute(text("ANALYZE delivery"))
    return organizations[0]


async def fill(database: Database, organization_id: str) -> None:
    """Give an organization a webhook and 500 deliveries."""
    webhook = Webhook(organization_id=organization_id, name="Hook", url="https://a.example/", secrets=b"")
    rows = [
        Delivery(
            organization_id=organization_id,
            webhook_id=webhook.id,
            event_id=new_id(),
            sequence=n,
            event_type=f"Shop.T{n % 100}",
            entity_id=str(n % 100),
            correlation_id=new_id(),
            state=WorkState.SUCCEEDED if n % 100 else WorkState.FAILED,
            status_class=2 if n % 100 else 5,
        ).model_dump()
        for n in range(500)
    ]
    async with database.write() as session:
        session.add(webhook)
        await session.flush()
        await session.execute(insert(Delivery), rows)


@pytest.mark.parametrize("name", PLANS)
async def test_the_first_page_of_a_filter_is_read_along_its_index(hub, crowd, database, name):
    index, value = PLANS[name]
    caller = Caller(
        hub=hub.app.state.hub,
        source=Source.GRAPHQL,
        organization_id=crowd,
        permissions=frozenset({Permission.ORGANIZATION_ADMIN}),
    )
    first = living(caller, Delivery).where(*DeliveryFilter(**{name: value}).conditions())
    statement = first.order_by(col(Delivery.id).desc()).limit(21)

    lines = await plan(database, statement)

    read = [line for line in lines if index in line]
    assert read, lines
    assert name == "message_id" or not any("TEMP B-TREE" in line or "Sort" in line for line in lines), lines


async def test_held_deliveries_are_read_along_the_index_of_states(crowd, database):
    statement = select(Delivery).where(
        col(Delivery.organization_id) == crowd, *DeliveryFilter(state=(WorkState.HELD,)).conditions()
    )

    lines = await plan(database, statement.order_by(col(Delivery.id).desc()).limit(21))

    assert any("ix_delivery_organization_id_state_id" in line for line in lines), lines
    assert not any("TEMP B-TREE" in line or "Sort" in line for line in lines), lines


#: Filters with the index of their lists.
MERGED: dict[str, tuple[DeliveryFilter, str]] = {
    "types": (DeliveryFilter(event_type=("Shop.T1", "Shop.LOST")), "ix_delivery_organization_id_event_type_id"),
    "beginning": (DeliveryFilter(event_type=("Shop.T1*",)), "ix_delivery_organization_id_event_type_id"),
    "states": (DeliveryFilter(state=(WorkState.FAILED, WorkState.CANCELLED)), "_state_id"),
    "classes": (DeliveryFilter(status_class=(5, 3)), "ix_delivery_status"),
    "failures": (DeliveryFilter(failure=(UpstreamFailure.TIMEOUT, UpstreamFailure.BLOCKED)), "ix_delivery_failure"),
    "webhooks": (DeliveryFilter(webhook_id=("0" * 24, "1" * 24)), "ix_delivery_webhook_id_id"),
    "queued": (DeliveryFilter(state=(WorkState.QUEUED,)), "_state_id"),
    "entity": (
        DeliveryFilter(entity_id="1", state=(WorkState.SUCCEEDED,), status_class=(2,)),
        "ix_delivery_organization_id_entity_id_id",
    ),
}


@pytest.mark.parametrize("name", MERGED)
async def test_several_values_are_each_read_along_their_index(hub, crowd, database, name):
    chosen, index = MERGED[name]
    page = SliceRequest()
    async with database.read() as session:
        statement = await _chosen(Work(Caller.of_hub(hub.app.state.hub, crowd), lambda: session), chosen, page)
        lines = await plan(database, statement.order_by(*ordering(Delivery, NEWEST_FIRST, page)).limit(21))

    scans = [line for line in lines if "ix_delivery_" in line]
    assert scans, lines
    assert all(index in line for line in scans), lines
    assert not any("SCAN delivery" in line or "Seq Scan on delivery" in line for line in lines), lines


async def test_a_beginning_of_no_type_has_no_lists(hub, crowd, database):
    async with database.read() as session:
        work = Work(Caller.of_hub(hub.app.state.hub, crowd), lambda: session)
        found = await _parts(work, DeliveryFilter(event_type=("None.*",)))

    assert found == []


async def test_merged_lists_have_the_rows_and_the_order_of_one_list(new_lasting_organization, hub, database):
    random = Random(11)
    organization_id = (await new_lasting_organization()).id
    hooks = [
        Webhook(organization_id=organization_id, name=str(n), url="https://a.example/", secrets=b"", enabled=n < 2)
        for n in range(4)
    ]
    types, states = ["Shop.A", "Shop.B", "shop.a", "Zoo.A", "Shop"], list(WorkState)
    stored = [state for state in states if state is not WorkState.HELD]
    rows = [
        arbitrary(random, organization_id, random.choice(hooks).id, random.choice(types), random.choice(stored))
        for _ in range(150)
    ]
    async with database.write() as session:
        session.add_all(hooks)
        await session.flush()
        session.add_all(rows)

    def some(values: Any, most: int = 3) -> Any:
        return tuple(random.choices(values, k=random.randint(1, most))) if random.random() < 0.4 else None

    async with database.read() as session:
        work = Work(Caller.of_hub(hub.app.state.hub, organization_id), lambda: session)
        for _ in range(120):
            chosen = DeliveryFilter(
                state=some(states),
                event_type=some([*types, "Shop*", "Z*", "None*", "*"]),
                webhook_id=some([hook.id for hook in hooks]),
                status_class=some((2, 4, 5, 1)),
                failure=some(list(UpstreamFailure), 6),
                entity_id=random.choice((None, None, "a")),
            )
            page = SliceRequest(size=random.choice((1, 5, 200)), backward=random.random() < 0.5)
            plain = work.mine(Delivery).where(*chosen.conditions())
            expected = await work.slice(plain, Delivery, NEWEST_FIRST, page)

            found = await work.slice(await _chosen(work, chosen, page), Delivery, NEWEST_FIRST, page)
            assert found == expected, (chosen, page)


def arbitrary(random: Random, organization_id: str, webhook_id: str, event_type: str, state: WorkState) -> Delivery:
    """A delivery whose other values are drawn."""
    return Delivery(
        organization_id=organization_id,
        webhook_id=webhook_id,
        event_id=new_id(),
        sequence=1,
        event_type=event_type,
        entity_id=random.choice("ab"),
        correlation_id=new_id(),
        state=state,
        status_class=random.choice((None, 2, 4, 5)),
        failure=random.choice((None, *UpstreamFailure)),
    )


async def plan(database: Database, statement: Any) -> list[str]:
    """The lines of the database's plan."""
    sql = statement.compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True})
    async with database.read() as session:
        if database.is_sqlite:
            return [str(line) for line in await session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
        for method in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await session.execute(text(f"SET LOCAL {method} = off"))
        return [str(line) for line in await session.execute(text(f"EXPLAIN {sql}"))]
