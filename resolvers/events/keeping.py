"""Keeping history: events, their payloads, deliveries and dispatches are removed after the days of the settings.

Each run takes a few rows along the primary key, whose ids begin with the second, in a transaction of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, not_, select, update
from sqlmodel import col

from models.tables import Delivery, Dispatch, EntitySequence, Event
from models.vocabulary import WorkState
from resolvers.expiry import BITE, DAY_MS, Sweep, Swept, remove_bite, sweep_bite
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_COUNTERS_DAYS = 400


@operation(needs=OPERATOR)
async def expire_events(work: Work, sweep: Sweep) -> Swept:
    """Remove the next old events, except those with a delivery that still waits."""
    old = delete(Event).where(not_(_awaited()))
    return await sweep_bite(work, Event, sweep, before=_days_ago(work, work.hub.keeping.events), change=old)


@operation(needs=OPERATOR)
async def expire_payloads(work: Work, sweep: Sweep) -> Swept:
    """Empty the next events whose payload is not kept any longer, except those with a delivery that still waits."""
    days = work.hub.keeping.payloads
    before = 0 if days is None else _days_ago(work, days)
    empty: Any = update(Event).where(col(Event.body).is_not(None), not_(_awaited())).values(body=None)
    return await sweep_bite(work, Event, sweep, before=before, change=empty)


@operation(needs=OPERATOR)
async def expire_deliveries(work: Work, sweep: Sweep) -> Swept:
    """Remove the next deliveries that ended long ago, with their attempts. One that waits is kept."""
    before = _days_ago(work, work.hub.keeping.deliveries)
    ended = delete(Delivery).where(
        col(Delivery.state) != WorkState.QUEUED, func.coalesce(col(Delivery.finished_at), 0) < before
    )
    return await sweep_bite(work, Delivery, sweep, before=before, change=ended)


@operation(needs=OPERATOR)
async def expire_dispatches(work: Work, sweep: Sweep) -> Swept:
    """Remove the next old dispatches that have an outcome."""
    ended = delete(Dispatch).where(col(Dispatch.outcome).is_not(None))
    before = _days_ago(work, work.hub.keeping.dispatches)
    return await sweep_bite(work, Dispatch, sweep, before=before, change=ended)


@operation(needs=OPERATOR)
async def expire_entity_counters(work: Work) -> int:
    """Forget the numbers of entities without an event for 400 days: the next one is number 1. Answers how many."""
    used_at = col(EntitySequence.used_at)
    due = select(used_at).where(used_at < _days_ago(work, _COUNTERS_DAYS)).order_by(used_at).limit(BITE).subquery()
    latest = (await work.session.execute(select(func.max(due.c.used_at)))).scalar_one() or 0
    return await remove_bite(work, EntitySequence, used_at <= latest)


def _awaited() -> ColumnElement[bool]:
    """Whether a delivery of the event waits: a held one too, however long its webhook is disabled."""
    waiting = col(Delivery.event_id) == col(Event.id), col(Delivery.state) == WorkState.QUEUED
    return exists().where(*waiting)


def _days_ago(work: Work, days: int) -> int:
    return work.now() - days * DAY_MS
