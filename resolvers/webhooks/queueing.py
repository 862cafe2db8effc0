"""Queueing deliveries of one webhook again, or for the first time, by a replay or by its catch-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from jobs.job import JOBS, NewJob
from jobs.transaction import enqueue_all
from models.job import database_now
from models.row import feed_stamp, new_id
from models.tables import Delivery, Job, Webhook
from models.vocabulary import WorkState
from resolvers.emission.addressing import DELIVER, delivery_job
from resolvers.work import Work

#: Live deliveries have 0: these run after them.
PRIORITY: Final = 10
ENDED: Final = (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED)
_UNSYNCHRONIZED: Final = {"synchronize_session": False}


async def deliver_again(work: Work, webhook: Webhook, rows: Sequence[Any]) -> int:
    """Queue deliveries that have ended, under their own ids, each with a full series of tries. Answers how many.

    One that another transaction has queued meanwhile stays as it is.
    """
    reset = (
        update(Delivery)
        .where(col(Delivery.id).in_([row.id for row in rows]), col(Delivery.state).in_(ENDED))
        .values(
            state=WorkState.QUEUED, error=None, next_attempt_at=work.now(), first_attempt_at=None, finished_at=None
        )
        .returning(col(Delivery.id))
    )
    taken = set((await work.session.execute(reset, execution_options=_UNSYNCHRONIZED)).scalars()) if rows else set()
    await _enqueue(work, [_job(work, webhook, row, row.id, replay=True) for row in rows if row.id in taken])
    return len(taken)


async def deliver_copies(work: Work, webhook: Webhook, rows: Sequence[Any]) -> list[str]:
    """Queue copies of deliveries that have ended, under new ids. Answers these. A copy's copy names the original."""
    values = [
        _delivery(work, webhook, row, row.event_id, row.event_type, original_id=row.original_id or row.id)
        for row in rows
    ]
    if values:
        await work.session.execute(_insert(work, Delivery), values)
    pairs = zip(values, rows, strict=True)
    await _enqueue(work, [_job(work, webhook, row, value["id"], replay=True) for value, row in pairs])
    return [value["id"] for value in values]


async def deliver_now(work: Work, ids: Iterable[str]) -> None:
    """Make the jobs of deliveries that wait for a retry due now, marked as replays. Their tries stay as many."""
    due = (
        update(Job)
        .where(
            col(Job.subject_id) == bindparam("delivery"),
            col(Job.operation) == DELIVER,
            col(Job.state) == WorkState.QUEUED,
        )
        .values(run_at=database_now(), payload=bindparam("marked"), feed=feed_stamp())
    )
    given = [{"delivery": one, "marked": {"delivery": one, "replay": True}} for one in ids]
    if given:
        connection = await work.session.connection()
        await connection.execute(due, given)
        work.wake(JOBS)


async def deliver_events(work: Work, webhook: Webhook, events: Sequence[Any], *, replay: bool = False) -> int:
    """Queue deliveries of events that have none to this webhook yet. Answers how many were made.

    The webhook's filter judges them when they are about to be sent. `replay`: somebody asked for them.
    """
    values = [_delivery(work, webhook, event, event.id, event.type) for event in events]
    if not values:
        return 0
    unjudged = webhook.filter is not None
    made = _insert(work, Delivery).on_conflict_do_nothing().returning(col(Delivery.id))
    given = [value | {"unjudged": unjudged} for value in values]
    taken = set((await work.session.execute(made, given)).scalars())
    pairs = zip(values, events, strict=True)
    made_rows = [(value["id"], row) for value, row in pairs if value["id"] in taken]
    await _enqueue(work, [_job(work, webhook, row, delivery_id, replay=replay) for delivery_id, row in made_rows])
    return len(taken)


def _job(work: Work, webhook: Webhook, row: Any, delivery_id: str, *, replay: bool) -> NewJob:
    tries = 1 + len(work.hub.webhook_waits)
    return delivery_job(delivery_id, webhook, row, tries=tries, priority=PRIORITY, replay=replay)


def _insert(work: Work, model: Any) -> Any:
    return (sqlite if work.hub.database.is_sqlite else postgresql).insert(model)


def _delivery(
    work: Work, webhook: Webhook, row: Any, event_id: str, event_type: str, *, original_id: str | None = None
) -> dict[str, Any]:
    now = work.now()
    return {
        "id": new_id(now),
        "created_at": now,
        "organization_id": webhook.organization_id,
        "webhook_id": webhook.id,
        "event_id": event_id,
        "original_id": original_id,
        "integration_id": row.integration_id,
        "event_type": event_type,
        "entity_id": row.entity_id,
        "sequence": row.sequence,
        "state": WorkState.QUEUED,
        "unjudged": False,
        "attempt_count": 0,
        "next_attempt_at": now,
        "correlation_id": row.correlation_id,
    }


async def _enqueue(work: Work, jobs: Sequence[NewJob]) -> None:
    await enqueue_all(work.session, jobs)
    if jobs:
        work.wake(JOBS)
