"""Edges from webhooks, deliveries and attempts, and to deliveries from events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.tables import Attempt, Delivery, Event, Gate, Integration, Job, Principal, Webhook
from models.vocabulary import Permission, WebhookOrdering, WorkState
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation
from resolvers.page import NEWEST_FIRST
from resolvers.scope import visible
from resolvers.webhooks.fields import Standing

#: The greatest number of held deliveries that is counted.
MOST_COUNTED: Final = 1000
MOST_ATTEMPTS: Final = 100

#: The webhook and the delivery that waits there.
Place = tuple[str, str]


def place_of(delivery: Delivery) -> Place:
    """The key of `STANDING_BY_DELIVERY`."""
    return delivery.webhook_id, delivery.id


async def _standings(session: AsyncSession, caller: Caller, keys: Sequence[Place]) -> dict[Place, Standing]:
    webhooks = {webhook_id for webhook_id, _ in keys}
    chosen = select(Webhook, col(Gate.opens_at)).outerjoin(Gate, col(Gate.id) == col(Webhook.id))
    chosen = chosen.where(col(Webhook.id).in_(webhooks), *visible(caller, Webhook))
    found = {webhook.id: (webhook, opens_at) for webhook, opens_at in await session.execute(chosen)}
    ordered = {one for one, (webhook, _) in found.items() if webhook.ordering is WebhookOrdering.ENTITY}
    behind = await _behind(session, [delivery_id for webhook_id, delivery_id in keys if webhook_id in ordered])
    return {
        (webhook_id, delivery_id): _standing(*found[webhook_id], now=caller.hub.clock(), behind=delivery_id in behind)
        for webhook_id, delivery_id in keys
        if webhook_id in found
    }


def _standing(webhook: Webhook, opens_at: int | None, *, now: int, behind: bool) -> Standing:
    return Standing(
        now=now,
        enabled=webhook.enabled,
        disabled_reason=webhook.disabled_reason,
        breaker=webhook.breaker,
        breaker_until=webhook.breaker_until,
        opens_at=opens_at,
        behind=behind,
    )


async def _behind(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """The deliveries of which an earlier one of the same entity comes first: their jobs wait in its lane."""
    waiting = select(col(Job.subject_id)).where(
        col(Job.subject_id).in_(ids), col(Job.state) == WorkState.QUEUED, col(Job.blocked)
    )
    return {delivery_id for delivery_id in (await session.execute(waiting)).scalars() if delivery_id is not None}


async def _held_counts(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, int]:
    """Waiting deliveries of disabled webhooks, of each up to the bound."""
    waiting = [
        select(literal(key).label("webhook_id"), func.count().label("held")).select_from(
            select(col(Delivery.id))
            .where(
                col(Delivery.webhook_id) == key,
                col(Delivery.state) == WorkState.QUEUED,
                *visible(caller, Delivery),
            )
            .limit(MOST_COUNTED)
            .subquery()
        )
        for key in keys
    ]
    rows = await session.execute(union_all(*waiting))
    return {row.webhook_id: row.held for row in rows}


async def _attempts(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, list[Attempt]]:
    """The last hundred attempts of each delivery, oldest first."""
    place = func.row_number().over(partition_by=col(Attempt.delivery_id), order_by=col(Attempt.number).desc())
    chosen = (
        select(Attempt, place.label("place"))
        .where(col(Attempt.delivery_id).in_(keys), *visible(caller, Attempt))
        .subquery()
    )
    attempt = aliased(Attempt, chosen)
    last = select(attempt).where(chosen.c.place <= MOST_ATTEMPTS).order_by(chosen.c.delivery_id, chosen.c.number)
    found: dict[str, list[Attempt]] = {key: [] for key in keys}
    for row in (await session.execute(last)).scalars():
        found[row.delivery_id].append(row)
    return found


INTEGRATION_BY_WEBHOOK = Edge(source=Webhook, target=Integration, local="integration_id")
MAKER_BY_WEBHOOK = Edge(source=Webhook, target=Principal, local="created_by")
DELIVERIES_BY_WEBHOOK = Edge(source=Webhook, target=Delivery, remote="webhook_id", order=NEWEST_FIRST)
DELIVERIES_BY_EVENT = Edge(
    source=Event, target=Delivery, remote="event_id", order=NEWEST_FIRST, needs=Permission.WEBHOOKS_READ
)
WEBHOOK_BY_DELIVERY = Edge(source=Delivery, target=Webhook, local="webhook_id")
EVENT_BY_DELIVERY = Edge(source=Delivery, target=Event, local="event_id", needs=Permission.EVENTS_READ)
INTEGRATION_BY_DELIVERY = Edge(source=Delivery, target=Integration, local="integration_id")
ORIGINAL_BY_DELIVERY = Edge(source=Delivery, target=Delivery, local="original_id")
DELIVERY_BY_ATTEMPT = Edge(source=Attempt, target=Delivery, local="delivery_id")
STANDING_BY_DELIVERY = Relation(load=_standings)
ATTEMPTS_BY_DELIVERY = Relation(load=_attempts)
HELD_COUNT_BY_WEBHOOK = Relation(load=_held_counts)
