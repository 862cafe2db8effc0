"""Each filter of deliveries is served by an index, with the order of the list, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import col

from models.database import Database
from models.row import new_id
from models.tables import Delivery, Webhook
from models.vocabulary import Permission, Source, UpstreamFailure, WorkState
from resolvers.caller import Caller
from resolvers.scope import living
from resolvers.webhooks.queries import DeliveryFilter
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


async def plan(database: Database, statement: Any) -> list[str]:
    """The lines of the database's plan."""
    sql = statement.compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True})
    async with database.read() as session:
        if database.is_sqlite:
            return [str(line) for line in await session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
        for method in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await session.execute(text(f"SET LOCAL {method} = off"))
        return [str(line) for line in await session.execute(text(f"EXPLAIN {sql}"))]
