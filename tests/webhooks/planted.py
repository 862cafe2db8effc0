"""Rows of webhooks, written straight to the database: for tests of the operations that read or queue them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlmodel import SQLModel, col

from models.database import Database
from models.tables import Attempt, Delivery, Event, Gate, Webhook
from models.vocabulary import UpstreamFailure


async def plant(database: Database, *rows: SQLModel) -> None:
    """Insert rows in one transaction, one after the other."""
    async with database.write() as session:
        for row in rows:
            session.add(row)
            await session.flush()


async def plant_webhook(database: Database, organization_id: str, **facts: Any) -> Webhook:
    """A webhook whose gate is closed, so that nothing is sent."""
    facts.setdefault("name", "Receiver")
    facts.setdefault("url", "http://127.0.0.1:9/hook")
    webhook = Webhook(organization_id=organization_id, secrets=b"", **facts)
    await plant(database, webhook, Gate(id=webhook.id, organization_id=organization_id))
    async with database.write() as session:  # an insert takes None for absent
        await session.execute(update(Gate).where(col(Gate.id) == webhook.id).values(opens_at=None))
    return webhook


async def plant_delivery(database: Database, webhook: Webhook, event: Event, **facts: Any) -> Delivery:
    """A delivery of an event, without a job."""
    made = Delivery(
        organization_id=webhook.organization_id,
        webhook_id=webhook.id,
        event_id=event.id,
        integration_id=event.integration_id,
        event_type=event.type,
        entity_id=event.entity_id,
        sequence=getattr(event, "sequence", 1),
        correlation_id=event.correlation_id,
        **facts,
    )
    await plant(database, made)
    return made


async def plant_attempt(database: Database, delivery: Delivery, number: int, failure: UpstreamFailure | None) -> None:
    """An attempt at a delivery."""
    await plant(
        database,
        Attempt(
            organization_id=delivery.organization_id,
            delivery_id=delivery.id,
            webhook_id=delivery.webhook_id,
            integration_id=delivery.integration_id,
            number=number,
            url="http://127.0.0.1:9/hook",
            failure=failure,
            latency_ms=5,
        ),
    )


async def events_of(database: Database, organization_id: str, type: str = "") -> list[Event]:
    """The events of an organization whose type begins so, in the order of their ids."""
    mine = select(Event).where(col(Event.organization_id) == organization_id).order_by(col(Event.id))
    async with database.read() as session:
        found = (await session.execute(mine)).scalars().all()
    return [event for event in found if event.type.startswith(type)]
