"""Repeating a run: another run from the start, from the step at which it stopped, or of its failed records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col

from jobs.job import JOBS
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.secret_column import secret_place
from models.tables import Event, Flow, Run
from models.vocabulary import Permission, RunDefinition, RunFrom, TraceKind
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.flows.content import Content, content_of, store_content, stored_content
from resolvers.operation import operation
from resolvers.runs.cursor import Cursor
from resolvers.runs.recording import sealed
from resolvers.runs.resolving import retry_selected
from resolvers.runs.selecting import RunErrorSelection, selected
from resolvers.runs.starting import require_own
from resolvers.runs.tallies import changed
from resolvers.work import Work

_EXPIRED: Final = "The payload of its event has expired, so it cannot be repeated from the start."
_NOT_ENDED: Final = "The run has not ended; wait for its end, or cancel it first."
_NOT_KEPT: Final = "The definition that the run began with is not kept any more; repeat it by CURRENT, from START."
_NO_STEP: Final = "The run did not stop in the middle of its work; repeat it from START, or its FAILED_RECORDS."
_EXPORT: Final = "The export itself ended with a fault, so no step can go on from there; repeat the run from START."


@dataclass(frozen=True, kw_only=True)
class RetryRun:
    """A run to repeat. `begin`: its beginning; `definition`: of the work from there on."""

    run_id: str
    begin: RunFrom = RunFrom.START
    definition: RunDefinition = RunDefinition.AS_RAN


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def retry_run(work: Work, order: RetryRun) -> Run:
    """Repeat a run that has ended, by another run that names it; FAILED_RECORDS go on in the run itself.

    From START it writes under new keys; else under the same ones, so that nothing is written twice.
    """
    run = await work.get(Run, order.run_id, path=("run_id",))
    flow = await work.lock(Flow, run.flow_id, path=("run_id",))
    await require_own(work, flow, path=("run_id",))
    if run.finished_at is None:
        raise Conflict(_NOT_ENDED, existing=run, path=("run_id",))
    if order.begin is RunFrom.FAILED_RECORDS:
        await retry_selected(work, await selected(work, RunErrorSelection(run_id=run.id)), order.definition)
        return run
    work.audit(flow, "flow.run_repeated", besides=[{"path": "run", "oldValue": None, "newValue": run.id}])
    if order.begin is RunFrom.FAILED_STEP:
        return await _from_step(work, flow, run, order.definition)
    digest = run.content_digest if order.definition is RunDefinition.AS_RAN else None
    if digest is not None and await stored_content(work, digest) is None:
        raise Conflict(_NOT_KEPT, path=("definition",))
    await _require_payload(work, run)
    return await _queue(work, flow, run, content_digest=digest)


async def _require_payload(work: Work, run: Run) -> None:
    """Raise Conflict if the run's record is not kept any more."""
    if run.payload is None and run.event_id is not None:
        event = await work.session.get(Event, run.event_id)
        if event is None or event.body is None:
            raise Conflict(_EXPIRED, path=("run_id",))


async def _from_step(work: Work, flow: Flow, run: Run, definition: RunDefinition) -> Run:
    """Queue a run that goes on at the work of the failed one, with the records that it kept."""
    before = None if run.content_digest is None else await stored_content(work, run.content_digest)
    if run.cursor is None or before is None:
        raise Conflict(_NO_STEP if before is not None else _NOT_KEPT, path=("begin",))
    cursor = Cursor.read(run.cursor)
    if cursor.fault is not None:
        raise Conflict(_EXPORT, path=("begin",))
    content = before
    if definition is RunDefinition.CURRENT:
        content = await content_of(work, flow)
        _require_same(before, content, cursor)
    digest = await store_content(work, content)
    again = await _queue(work, flow, run, content_digest=digest, key_run_id=run.key_run_id or run.id)
    goes_on: dict[str, Any] = {
        "cursor": replace(cursor, run_step_id=new_id(work.now()), kept={}, pauses=0).as_json(),
        "records": _resealed(work, run, again.id, "records"),
    }
    await changed(work, update(Run).where(col(Run.id) == again.id).values(goes_on))
    return again


def _require_same(before: Content, now: Content, cursor: Cursor) -> None:
    """Raise Conflict unless the steps that have ended are the same in both contents, and there is one to go on."""
    ended = max(cursor.position, len(before.sources))
    then, there = before.steps[:ended], now.steps[:ended]
    differ = [one.name for one, other in zip(then, there, strict=False) if one != other]
    if differ or len(now.sources) != len(before.sources) or len(now.steps) <= cursor.position:
        listed = ", ".join(differ) or "steps were added or removed before it"
        raise Conflict(
            f"The steps that the run has finished are not the same any more: {listed}. Repeat it by AS_RAN, or from"
            " START.",
            path=("definition",),
        )


async def _queue(work: Work, flow: Flow, run: Run, **facts: Any) -> Run:
    run_id = new_id(work.now())
    start = RunStart(
        id=run_id,
        flow=flow,
        trigger=run.trigger,
        now=work.now(),
        event_id=run.event_id,
        origin_run_id=run.id,
        payload=_resealed(work, run, run_id, "payload"),
        chain=run.chain[:-1],
        created_by=work.caller.principal_id,
        cause_kind=TraceKind.RUN,
        cause_id=run.id,
        correlation_id=run.correlation_id,
        **facts,
    )
    (again,) = await queue_runs(work.session, [start])
    work.wake(JOBS)
    return again


def _resealed(work: Work, run: Run, run_id: str, column: str) -> bytes | None:
    """An envelope of the run, bound to the row of another one."""
    envelope = getattr(run, column)
    if envelope is None:
        return None
    return sealed(work, "run", run_id, column, work.hub.keyring.open(envelope, secret_place(run, column)))
