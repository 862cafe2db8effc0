"""The state of events at their apps, as a relation: by the deliveries to an app's address or its tunnel."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Delivery, Webhook
from models.vocabulary import EventAppStatus, WebhookKind, WorkState
from resolvers.caller import Caller
from resolvers.loaders.edge import Relation

_BEST_FIRST = {
    WorkState.SUCCEEDED: EventAppStatus.SUCCEEDED,
    WorkState.QUEUED: EventAppStatus.PENDING,
    WorkState.FAILED: EventAppStatus.FAILED,
    WorkState.CANCELLED: EventAppStatus.FAILED,
}
_RANKS = list(_BEST_FIRST)


def app_deliveries(events: Sequence[str]) -> Select[Delivery]:
    """The deliveries of events to apps. They are the publisher's: a reader of the event learns their states only."""
    to_apps = col(Webhook.kind) != WebhookKind.ENDPOINT
    return (
        select(Delivery)
        .join(Webhook, col(Webhook.id) == col(Delivery.webhook_id))
        .where(col(Delivery.event_id).in_(events), to_apps)
        .order_by(col(Delivery.id))
    )


def status_of(states: Sequence[WorkState]) -> EventAppStatus:
    """The state of an event at its app by those of its deliveries: a tunnel may have failed, and the app taken it."""
    return _BEST_FIRST[min(states, key=_RANKS.index)] if states else EventAppStatus.NONE


async def _statuses(session: AsyncSession, _caller: Caller, keys: Sequence[str]) -> dict[str, EventAppStatus]:
    states = app_deliveries(keys).with_only_columns(col(Delivery.event_id), col(Delivery.state))
    found: dict[str, list[WorkState]] = {key: [] for key in keys}
    for event_id, state in await session.execute(states):
        found[event_id].append(state)
    return {key: status_of(each) for key, each in found.items()}


#: By the ids of events that the caller may read.
STATUS_BY_EVENT = Relation(load=_statuses)
