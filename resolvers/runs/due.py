"""Failed records that are tried again by themselves: the recurring job that finds those due, by their flows."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlmodel import col

from jobs.job import JOBS, NewJob
from jobs.queues import FLOWS
from jobs.transaction import enqueue_all
from models.tables import Flow, Job, RunError
from models.vocabulary import RunDefinition, RunErrorState, WorkState
from resolvers.emission.runs import lane_of_flow
from resolvers.operation import OPERATOR, operation
from resolvers.runs.resolving import RETRY_ERRORS
from resolvers.runs.tallies import changed, one_of, stop_waiting
from resolvers.work import Work

TRY_ERRORS: Final = "flow.try_errors"
#: Errors that one run of the recurring job looks at.
BITE: Final = 1_000
_EACH_MS: Final = 15_000
_CAPTION: Final = 255
_TRIES: Final = 100
#: After live runs.
_PRIORITY: Final = 10


@operation(needs=OPERATOR)
async def take_up_errors(work: Work) -> int:
    """Queue a job for each flow with errors that are due to be tried by themselves. Answers how many flows.

    Errors that a person wanted to try again, and whose job was cancelled or has failed, are open again.
    """
    due = (
        select(col(RunError.id), col(RunError.flow_id), col(RunError.state))
        .where(col(RunError.next_try_at) <= work.now(), _has_no_job())
        .order_by(col(RunError.next_try_at))
        .limit(BITE)
    )
    rows = (await work.session.execute(due)).all()
    flows = await _flows(work, {row.flow_id for row in rows if row.state is RunErrorState.WAITING})
    if flows:
        await enqueue_all(work.session, [_job(flow) for flow in flows.values()])
        work.wake(JOBS)
    await _open(work, [row.id for row in rows if row.state is RunErrorState.RETRYING or row.flow_id not in flows])
    await work.repeat_job(0 if len(rows) == BITE else _EACH_MS)
    return len(flows)


async def _flows(work: Work, ids: set[str]) -> dict[str, Flow]:
    if not ids:
        return {}
    return {flow.id: flow for flow in await work.all(select(Flow).where(col(Flow.id).in_(ids)))}


async def _open(work: Work, ids: list[str]) -> None:
    """Let a person decide about errors that nothing tries any more."""
    if ids:
        await stop_waiting(work, one_of(ids))
        opened: dict[str, Any] = {"state": RunErrorState.OPEN, "next_try_at": None, "updated_at": work.now()}
        await changed(work, update(RunError).where(one_of(ids)).values(opened))


def _has_no_job() -> ColumnElement[bool]:
    """No job of the error's flow is about to try it."""
    name = col(RunError.organization_id) + ":"
    tries = {RunErrorState.WAITING: TRY_ERRORS, RunErrorState.RETRYING: RETRY_ERRORS}
    return or_(
        *(
            (col(RunError.state) == state)
            & ~exists().where(
                col(Job.dedupe_key) == name + f"{operation}:" + col(RunError.flow_id),
                col(Job.state).in_([WorkState.QUEUED, WorkState.RUNNING]),
            )
            for state, operation in tries.items()
        )
    )


def _job(flow: Flow) -> NewJob:
    return NewJob(
        operation=TRY_ERRORS,
        caption=f"Try waiting records of {flow.name} again"[:_CAPTION],
        organization_id=flow.organization_id,
        queue=FLOWS,
        payload={"flowId": flow.id, "definition": RunDefinition.AS_RAN},
        subject_kind="Flow",
        subject_id=flow.id,
        integration_id=flow.integration_id,
        gate=flow.id,
        lane=lane_of_flow(flow),
        dedupe_key=f"{TRY_ERRORS}:{flow.id}",
        priority=_PRIORITY,
        max_attempts=_TRIES,
    )
