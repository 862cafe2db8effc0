"""Resolving errors of records by hand: they are marked as resolved, or tried again by a job of their flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import col

from jobs.job import NewJob
from jobs.queues import FLOWS
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.tables import Flow, FlowStep, Job, RunError, Step
from models.vocabulary import Permission, RunDefinition, RunErrorState
from resolvers.emission.runs import lane_of_flow
from resolvers.operation import operation
from resolvers.runs.selecting import RunErrorSelection, Selected, selected
from resolvers.runs.tallies import changed, fewer_open, stop_waiting
from resolvers.work import Work

RETRY_ERRORS: Final = "flow.retry_errors"
_OPEN: Final = (RunErrorState.OPEN, RunErrorState.WAITING)
_CAPTION: Final = 255
#: A job that waits for the other side counts no try; each process that dies costs one.
_TRIES: Final = 100


@dataclass(frozen=True, kw_only=True)
class ResolveRunErrors(RunErrorSelection):
    """`retry`: the records are tried again, each at its step and by this definition; else they are only marked."""

    retry: bool = True
    definition: RunDefinition = RunDefinition.AS_RAN


@dataclass(frozen=True, kw_only=True)
class ResolvedErrors:
    """The number of errors that an order has changed. `job`: tries them again; None if nothing is tried."""

    count: int
    job: Job | None = None


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def resolve_run_errors(work: Work, order: ResolveRunErrors) -> ResolvedErrors:
    """Mark errors of a flow as resolved, or try their records again by a job. The same order twice tries once."""
    chosen = await selected(work, order)
    if order.retry:
        return await retry_selected(work, chosen, order.definition)
    count = await _mark(work, chosen)
    if count:
        work.audit(chosen.flow, "flow.errors_resolved", besides=_audited(count))
    return ResolvedErrors(count=count)


async def retry_selected(work: Work, chosen: Selected, definition: RunDefinition) -> ResolvedErrors:
    """Try errors again by a job. Raises Conflict for CURRENT if the flow has their steps no longer."""
    flow, conditions = chosen.flow, chosen.conditions
    if definition is RunDefinition.CURRENT:
        steps = select(col(RunError.step_id)).where(*conditions).distinct()
        await require_steps(work, flow, list((await work.session.execute(steps)).scalars()))
    await stop_waiting(work, *conditions)
    now = work.now()
    retrying: dict[str, Any] = {"state": RunErrorState.RETRYING, "next_try_at": now, "updated_at": now}
    idle = update(RunError).where(*conditions, col(RunError.state).in_(_OPEN))
    count = await changed(work, idle.values(retrying))
    if count:
        work.audit(flow, "flow.errors_retried", besides=_audited(count))
    elif await work.first(select(RunError).where(*conditions)) is None:
        return ResolvedErrors(count=0)
    return ResolvedErrors(count=count, job=await retry_in_job(work, flow, count, definition))


async def retry_in_job(work: Work, flow: Flow, count: int, definition: RunDefinition) -> Job:
    """The job that tries the RETRYING errors of a flow again. Raises Conflict if one does by another definition.

    The caller holds the flow's row: a job that is about to end sees these errors, or ends before them.
    """
    order = NewJob(
        id=new_id(work.now()),
        operation=RETRY_ERRORS,
        caption=f"Retry errors of {flow.name}"[:_CAPTION],
        organization_id=flow.organization_id,
        queue=FLOWS,
        payload={"flowId": flow.id, "definition": definition, "all": count},
        subject_kind="Flow",
        subject_id=flow.id,
        integration_id=flow.integration_id,
        gate=flow.id,
        lane=lane_of_flow(flow),
        dedupe_key=f"{RETRY_ERRORS}:{flow.id}",
        created_by=work.caller.principal_id,
        max_attempts=_TRIES,
    )
    job = await work.enqueue(order)
    if job.payload.get("definition") != definition:
        sentence = "A retry of this flow by the other definition is under way; wait until it ends, or cancel its job."
        raise Conflict(sentence, existing=job, path=("definition",))
    return job


async def require_steps(work: Work, flow: Flow, step_ids: Sequence[str | None]) -> None:
    """Raise Conflict unless these steps are part of the flow as it is now."""
    places = select(col(FlowStep.step_id)).where(col(FlowStep.flow_id) == flow.id)
    has = set((await work.session.execute(places)).scalars())
    gone = [one for one in step_ids if one not in has]
    if gone:
        names = select(col(Step.name)).where(col(Step.id).in_([one for one in gone if one]))
        known = sorted((await work.session.execute(names)).scalars())
        listed = ", ".join(known) or "a step that was deleted"
        raise Conflict(
            f"The flow has these steps no longer: {listed}. Retry by the definition AS_RAN, or mark the errors as"
            " resolved.",
            path=("definition",),
        )


async def _mark(work: Work, chosen: Selected) -> int:
    """Mark as resolved. The counts of runs say what became of the records, so these stay errors there."""
    await stop_waiting(work, *chosen.conditions)
    now = work.now()
    resolved: dict[str, Any] = {
        "state": RunErrorState.RESOLVED,
        "next_try_at": None,
        "resolved_at": now,
        "resolved_by": work.caller.principal_id,
        "updated_at": now,
    }
    count = await changed(work, update(RunError).where(*chosen.conditions).values(resolved))
    await fewer_open(work, chosen.flow.id, count)
    return count


def _audited(count: int) -> list[dict[str, Any]]:
    return [{"path": "errors", "oldValue": None, "newValue": count}]
