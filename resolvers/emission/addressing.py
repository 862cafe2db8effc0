"""Addressing: deliveries of events to webhooks, and their jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from jobs.job import NewJob
from jobs.queues import DELIVERIES
from jobs.transaction import enqueue_all
from models.row import new_id
from models.statement import spelled
from models.tables import Event
from models.vocabulary import WebhookKind, WebhookOrdering

DELIVER: Final = "webhook.deliver"

#: Attempts at a tunnel, which are a few seconds apart: enough that a lone event finds out that the tunnel is dead.
_TRIES_OF_TUNNELS: Final = 12
_CAPTION: Final = 255
_SQL: Final = """INSERT INTO delivery (id, created_at, organization_id, webhook_id, event_id, integration_id,
 event_type, entity_id, sequence, unjudged, next_attempt_at, correlation_id, state, attempt_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'QUEUED', 0)"""
_INSERT: Final = {"postgresql": spelled(_SQL, sqlite=False), "sqlite": spelled(_SQL, sqlite=True)}


class Addressee(Protocol):
    """The columns of a webhook that a delivery needs; a Webhook and a Receiver have them."""

    @property
    def id(self) -> str: ...
    @property
    def organization_id(self) -> str: ...
    @property
    def kind(self) -> WebhookKind: ...
    @property
    def name(self) -> str: ...
    @property
    def ordering(self) -> WebhookOrdering: ...


class Subject(Protocol):
    """The columns that an event and its deliveries share."""

    @property
    def entity_id(self) -> str: ...
    @property
    def integration_id(self) -> str | None: ...
    @property
    def correlation_id(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """An event for a webhook. `unjudged`: the delivery's job begins with the webhook's filter."""

    webhook: Addressee
    event: Event
    unjudged: bool = False


async def queue_deliveries(session: AsyncSession, batch: Sequence[Addressed], *, now: int, tries: int) -> None:
    """Make deliveries and their jobs in this transaction, with two statements. Wake JOBS after the commit.

    `now` in ms since 1970 UTC; `tries`: attempts of each until it has failed.
    """
    if not batch:
        return
    ids = [new_id(now) for _ in batch]
    connection = await session.connection()
    pairs = list(zip(ids, batch, strict=True))
    rows = [_row(delivery_id, now, one) for delivery_id, one in pairs]
    await connection.exec_driver_sql(_INSERT[connection.dialect.name], rows)
    jobs = [delivery_job(delivery_id, one.webhook, one.event, tries=tries) for delivery_id, one in pairs]
    await enqueue_all(session, jobs)


def delivery_job(
    delivery_id: str, webhook: Addressee, event: Subject, *, tries: int, priority: int = 0, replay: bool = False
) -> NewJob:
    """The job that delivers; it has ids and no content. `event`: the event, or a delivery of it."""
    return NewJob(
        operation=DELIVER,
        caption=f"Deliver to {webhook.name}"[:_CAPTION],
        organization_id=webhook.organization_id,
        queue=DELIVERIES,
        payload={"delivery": delivery_id} | ({"replay": True} if replay else {}),
        subject_kind="Delivery",
        subject_id=delivery_id,
        integration_id=event.integration_id,
        priority=priority,
        gate=webhook.id,
        lane=lane_of(webhook, event.entity_id),
        max_attempts=_TRIES_OF_TUNNELS if webhook.kind is WebhookKind.TUNNEL else tries,
        correlation_id=event.correlation_id,
    )


def lane_of(webhook: Addressee, entity_id: str) -> str | None:
    """The lane of an entity's deliveries to a webhook that wants them in order; None for another webhook."""
    if webhook.ordering is not WebhookOrdering.ENTITY:
        return None
    return f"{webhook.id}/{hashlib.sha256(entity_id.encode()).hexdigest()[:32]}"


def _row(delivery_id: str, now: int, one: Addressed) -> tuple[Any, ...]:
    event = one.event
    return (
        *(delivery_id, now, one.webhook.organization_id, one.webhook.id, event.id, event.integration_id, event.type),
        *(event.entity_id, event.sequence, one.unjudged, now, event.correlation_id),
    )
