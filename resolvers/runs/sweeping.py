"""Runs without a living job, and the removal of old ones; a limited number at a time."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, and_, case, delete, exists, or_, select, update
from sqlmodel import col

from models.row import feed_stamp
from models.tables import FlowContent, Job, Run, RunError, RunStep
from models.vocabulary import RunErrorState, RunReason, WorkState
from resolvers.expiry import DAY_MS, Sweep, Swept, remove_bite, sweep_bite
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

#: Days for which errors that nobody works on and samples are kept.
RECORDS_DAYS: Final = 30
_EVERY_MS: Final = 60_000
_GRACE_MS: Final = 60_000
_MOST: Final = 200
_LOST: Final = "Its job has ended without it; the job's error, or the hub's log, has the reason."
_CANCELLED: Final = "Its job was cancelled."


@operation(needs=OPERATOR)
async def settle_runs(work: Work) -> int:
    """End runs whose job is gone: CANCELLED with a cancelled job, else FAILED. Answers how many.

    A run is given its job in one transaction, and ends in one with it: only a fault, or a job that a person has
    cancelled, leaves one behind.
    """
    ids = (await work.session.execute(_abandoned(work.now()))).all()
    for run_id, state in ids:
        cancelled = state is WorkState.CANCELLED
        values: dict[str, Any] = {
            "state": WorkState.CANCELLED if cancelled else WorkState.FAILED,
            "reason": RunReason.BY_HAND if cancelled else RunReason.INTERNAL,
            "error": _CANCELLED if cancelled else _LOST,
            "finished_at": work.now(),
            "cursor": None,
            "records": None,
            "feed": feed_stamp(),
        }
        await _set(work, Run, values, col(Run.id) == run_id, col(Run.finished_at).is_(None))
        step = {"state": values["state"], "finished_at": work.now()}
        await _set(work, RunStep, step, col(RunStep.run_id) == run_id, col(RunStep.state) == WorkState.RUNNING)
    await work.repeat_job(0 if len(ids) >= _MOST else _EVERY_MS)
    return len(ids)


@operation(needs=OPERATOR)
async def expire_runs(work: Work, sweep: Sweep) -> Swept:
    """Remove runs that are older than dispatches may be, with their steps and errors. Those with open errors stay."""
    before = work.now() - work.hub.keeping.dispatches * DAY_MS
    unresolved = exists().where(col(RunError.run_id) == col(Run.id), col(RunError.state) != RunErrorState.RESOLVED)
    ended = delete(Run).where(col(Run.finished_at) < before, ~unresolved)
    return await sweep_bite(work, Run, sweep, before=before, change=ended)


@operation(needs=OPERATOR)
async def expire_samples(work: Work, sweep: Sweep) -> Swept:
    """Remove the samples of steps after 30 days."""
    before = work.now() - RECORDS_DAYS * DAY_MS
    change = update(RunStep).where(col(RunStep.samples).is_not(None)).values(samples=None)
    return await sweep_bite(work, RunStep, sweep, before=before, change=change)


@operation(needs=OPERATOR)
async def expire_error_records(work: Work, sweep: Sweep) -> Swept:
    """Remove the records of errors after 30 days; one that waited to be tried again is open from then on."""
    before = work.now() - RECORDS_DAYS * DAY_MS
    state = col(RunError.state)
    tried = state.in_((RunErrorState.WAITING, RunErrorState.RETRYING))
    waited = case((tried, RunErrorState.OPEN.value), else_=state)
    forget = update(RunError).where(col(RunError.record).is_not(None))
    return await sweep_bite(
        work, RunError, sweep, before=before, change=forget.values(record=None, next_try_at=None, state=waited)
    )


@operation(needs=OPERATOR)
async def remove_contents(work: Work) -> int:
    """Remove contents of flows that no run names any more. Answers how many."""
    before = work.now() - work.hub.keeping.dispatches * DAY_MS
    named = exists().where(
        col(Run.organization_id) == col(FlowContent.organization_id),
        col(Run.content_digest) == col(FlowContent.digest),
    )
    return await remove_bite(work, FlowContent, and_(col(FlowContent.used_at) < before, ~named))


def _abandoned(now: int) -> Select[str, WorkState]:
    """Ids of unfinished runs without a living job, and the state of their dead job if there is one."""
    alive = col(Job.state).in_((WorkState.QUEUED, WorkState.RUNNING))
    return (
        select(col(Run.id), col(Job.state))
        .outerjoin(Job, col(Job.id) == col(Run.job_id))
        .where(col(Run.finished_at).is_(None), col(Run.created_at) < now - _GRACE_MS)
        .where(or_(col(Job.id).is_(None), ~alive))
        .limit(_MOST)
    )


async def _set(work: Work, model: Any, values: dict[str, Any], *where: Any) -> None:
    statement = update(model).where(*where).values(values)
    await work.session.execute(statement, execution_options={"synchronize_session": False})
