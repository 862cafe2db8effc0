"""Holding: a flow that starts too often is paused, and a run is cancelled."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlmodel import SQLModel, col

from jobs.lanes import lock_lane_of
from models.errors import Conflict, Forbidden, NotFound
from models.row import feed_stamp
from models.tables import Flow, Gate, Job, Run
from models.vocabulary import Permission, RunReason, WorkState
from resolvers.jobs.mutations import stop_job
from resolvers.operation import operation
from resolvers.runs.starting import require_own
from resolvers.runs.telling import tell_pause
from resolvers.work import Work

_MINUTE_MS: Final = 60_000
_ENDED: Final = (WorkState.SUCCEEDED, WorkState.PARTIAL, WorkState.FAILED, WorkState.SKIPPED)


async def pause(work: Work, flow: Flow, reason: str) -> None:
    """Let the runs of a flow wait, for a reason in a sentence, and tell of it. The flow's row is locked."""
    flow.paused_at, flow.pause_reason = work.now(), reason
    gate = await work.first(select(Gate).where(col(Gate.id) == flow.id).with_for_update())
    if gate is None:
        gate = work.add(Gate(id=flow.id, organization_id=flow.organization_id))
    gate.opens_at = None
    work.audit(flow, "flow.paused")
    tell_pause(work, flow)


async def paused_by_rate(work: Work, flow: Flow) -> bool:
    """Pause a flow, and tell of it once, if its newest runs are more in a minute than it may have.

    Call it when a run is about to begin, with the flow's row locked: a paused flow keeps its runs. Runs from before
    it was last resumed do not count. Answers whether the flow is paused.
    """
    if flow.paused_at is not None:
        return True
    gate = await work.first(select(Gate).where(col(Gate.id) == flow.id))
    since = 0 if gate is None or gate.opens_at is None else gate.opens_at
    made = select(col(Run.created_at)).where(
        col(Run.flow_id) == flow.id, col(Run.job_id).is_not(None), col(Run.created_at) > since
    )
    newest_first = made.order_by(col(Run.id).desc())
    oldest = (await work.session.execute(newest_first.offset(flow.runs_a_minute).limit(1))).scalar()
    newest = (await work.session.execute(newest_first.limit(1))).scalar()
    if oldest is None or newest is None or newest - oldest >= _MINUTE_MS:
        return False
    await pause(work, flow, f"More than {flow.runs_a_minute} runs started within a minute.")
    return True


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, Forbidden))
async def cancel_run(work: Work, id: str) -> Run:
    """Cancel a run: a waiting one at once, a running one within seconds. A second time changes nothing.

    A call that is under way is not waited for: its outcome may stay unknown.
    """
    found = await work.get(Run, id, path=("id",))
    await require_own(work, found, path=("id",))
    if found.job_id is not None:
        await lock_lane_of(work.session, found.job_id)
        job = await work.first(select(Job).where(col(Job.id) == found.job_id).with_for_update())
    else:
        job = None
    run = await work.lock(Run, id, path=("id",))
    await work.session.refresh(run)
    if run.state is WorkState.CANCELLED:
        return run
    if run.state in _ENDED:
        raise Conflict("The run has ended already.", existing=run, path=("id",))
    run.state, run.reason = WorkState.CANCELLED, RunReason.BY_HAND
    run.error = f"Cancelled by {work.caller.signature}."
    run.finished_at = work.now()
    run.records = None
    work.audit(run, "run.cancelled")
    _set(run, feed=feed_stamp())
    if job is not None:
        await stop_job(work, job)
    await work.flush()
    await work.session.refresh(run)
    return run


def _set(row: SQLModel, **stamps: Any) -> None:
    """Set columns to values that the database computes at the flush."""
    for column, expression in stamps.items():
        setattr(row, column, expression)
