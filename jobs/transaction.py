"""Enqueueing and finishing jobs inside the transaction of a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from jobs.allotting import lot_name
from jobs.effects import statements
from jobs.job import Claimed, JobCancelled, LeaseLost, NewJob
from jobs.kind import JobContext
from jobs.lanes import lock_lanes, open_lanes
from models.errors import Conflict
from models.job import DEDUPED, IN_LANE, Job, database_now
from models.row import feed_stamp, new_id, now_ms
from models.statement import spelled
from models.vocabulary import WorkState

_TRIES: Final = 5
# A statement of the driver: SQLAlchemy takes several times as long for so many columns.
_SQL: Final = f"""INSERT INTO job (id, created_at, updated_at, organization_id, queue, operation, caption,
 subject_kind, subject_id, integration_id, principal_id, payload, secret, priority, max_attempts, lane, gate, lot,
 dedupe_key, created_by, cause_kind, cause_id, correlation_id, tasks, state, attempt, run_at, position, blocked)
VALUES ({"?, " * 24}'QUEUED', 0, coalesce(CAST(? AS BIGINT), NOW + CAST(? AS BIGINT)),
 coalesce((SELECT max(position) FROM job WHERE lane = CAST(? AS TEXT) AND {IN_LANE}), 0) + 1,
 EXISTS (SELECT 1 FROM job WHERE lane = CAST(? AS TEXT) AND {IN_LANE}))
ON CONFLICT (dedupe_key) WHERE {DEDUPED} DO NOTHING"""
_RETURNING: Final = " RETURNING run_at, feed, position, blocked"
_INSERT: Final = {"postgresql": spelled(_SQL, sqlite=False), "sqlite": spelled(_SQL, sqlite=True)}


async def enqueue(session: AsyncSession, new: NewJob) -> Job:
    """Add a job, or return the unfinished one with the same dedupe key. Wake the bus after the commit."""
    connection = await session.connection()
    await lock_lanes(connection, [(new.lane, new.gate)])
    statement = _INSERT[connection.dialect.name] + _RETURNING
    for _ in range(_TRIES):
        values = _values(new)
        made: Any = (await connection.exec_driver_sql(statement, _parameters(values, new))).first()
        if made is not None:
            run_at, feed, position, blocked = made
            placed = {"run_at": run_at, "feed": feed, "position": position, "blocked": bool(blocked)}
            return Job(**values, state=WorkState.QUEUED, **placed)
        row = await _unfinished(session, new)
        if row is not None:
            return row
    raise Conflict("The same job was started and ended several times meanwhile; try again.")


async def enqueue_all(session: AsyncSession, batch: Sequence[NewJob]) -> None:
    """Add many jobs in one statement, in their order. Jobs with a taken dedupe key are left out."""
    if batch:
        connection = await session.connection()
        await lock_lanes(connection, [(new.lane, new.gate) for new in batch])
        statement = _INSERT[connection.dialect.name]
        await connection.exec_driver_sql(statement, [_parameters(_values(new), new) for new in batch])


async def hold(session: AsyncSession, context: JobContext) -> None:
    """Fence the other writes of a transaction: the job stays this attempt's until it ends.

    Raises LeaseLost or JobCancelled, which roll the transaction back. A transaction that ends the job calls `finish`
    alone, which takes locks in another order.
    """
    lease = context.lease
    mine = (col(Job.id) == lease.job_id, col(Job.lease_owner) == lease.owner, col(Job.attempt) == lease.attempt)
    state = (await session.execute(select(col(Job.state)).where(*mine).with_for_update())).scalar()
    if state is None:
        raise LeaseLost
    if state is not WorkState.RUNNING:
        raise JobCancelled


async def finish(session: AsyncSession, context: JobContext, *, error: str | None = None) -> None:
    """End the job in the transaction of its effects, `context.effects` among them: both are kept, or neither.

    It becomes SUCCEEDED, or FAILED with `error`, a sentence for people. Raises LeaseLost or JobCancelled, which roll
    the transaction back, if this attempt no longer holds the job.
    """
    lease, state = context.lease, WorkState.RUNNING
    await lock_lanes(await session.connection(), [(lease.lane, lease.gate)])
    mine = (col(Job.id) == lease.job_id, col(Job.lease_owner) == lease.owner, col(Job.attempt) == lease.attempt)
    ended: Any = delete(Job)
    if context.keep_when_done or error is not None:
        ended = update(Job).values(
            state=WorkState.SUCCEEDED if error is None else WorkState.FAILED,
            secret=None if error is None else col(Job.secret),
            error=error,
            finished_at=database_now(),
            lease_owner=None,
            lease_until=None,
            feed=feed_stamp(),
        )
    unsynchronized = {"synchronize_session": False}
    done: Any = await session.execute(ended.where(*mine, col(Job.state) == state), execution_options=unsynchronized)
    if not done.rowcount:
        held = await session.execute(select(col(Job.id)).where(*mine))
        raise LeaseLost if held.first() is None else JobCancelled
    await _have_effects(session, context)
    await open_lanes(session, [lease.lane])
    context.progress.finished = True


def successor(job: Claimed, after_ms: int) -> NewJob:
    """The next job of a recurring kind. Finish the current one in the same transaction."""
    return NewJob(
        operation=job.operation,
        caption=job.caption,
        organization_id=job.organization_id,
        payload=job.payload,
        queue=job.queue,
        priority=job.priority,
        gate=job.gate,
        delay_ms=after_ms,
        max_attempts=job.max_attempts,
        dedupe_key=job.operation,
        cause_kind="JOB",
        cause_id=job.id,
        correlation_id=job.correlation_id,
    )


def _values(new: NewJob) -> dict[str, Any]:
    now = now_ms()
    return {
        "id": new.id,
        "created_at": now,
        "updated_at": now,
        "organization_id": new.organization_id,
        "queue": new.queue,
        "operation": new.operation,
        "caption": new.caption,
        "subject_kind": new.subject_kind,
        "subject_id": new.subject_id,
        "integration_id": new.integration_id,
        "principal_id": new.principal_id,
        "payload": dict(new.payload),
        "secret": new.secret,
        "priority": new.priority,
        "max_attempts": new.max_attempts,
        "lane": new.lane,
        "gate": new.gate,
        "lot": lot_name(new.organization_id, new.gate, new.priority),
        "dedupe_key": _key(new),
        "created_by": new.created_by,
        "cause_kind": new.cause_kind,
        "cause_id": new.cause_id,
        "correlation_id": new.correlation_id or new_id(now),
        "tasks": [task.told() for task in new.tasks] or None,
    }


def _parameters(values: dict[str, Any], new: NewJob) -> tuple[Any, ...]:
    tasks = values["tasks"] and orjson.dumps(values["tasks"]).decode()
    stored = values | {"payload": orjson.dumps(values["payload"]).decode(), "tasks": tasks}
    return (*stored.values(), new.run_at, new.delay_ms, new.lane, new.lane)


async def _have_effects(session: AsyncSession, context: JobContext) -> None:
    connection = await session.connection()
    for statement, parameters in statements(context.effects, sqlite=connection.dialect.name == "sqlite"):
        await connection.exec_driver_sql(statement, parameters)


async def _unfinished(session: AsyncSession, new: NewJob) -> Job | None:
    unfinished = (WorkState.QUEUED, WorkState.RUNNING)
    same = select(Job).where(col(Job.dedupe_key) == _key(new), col(Job.state).in_(unfinished))
    return (await session.execute(same)).scalars().first()


def _key(new: NewJob) -> str | None:
    """The dedupe key, separate for each organization."""
    return new.dedupe_key and f"{new.organization_id or ''}:{new.dedupe_key}"
