"""The record of a run: each change of it with the work that is done, in one transaction fenced by the lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update
from sqlmodel import col

from jobs.transaction import hold
from models.row import feed_stamp, new_id
from models.secret_place import SecretPlace
from models.tables import ExportState, Flow, Run, RunError, RunStep
from models.vocabulary import RunErrorState, RunReason, StopReason, WorkState
from proxy.inputs.exact import write_json
from proxy.paging import moved
from proxy.redact import redact
from resolvers.flows.content import Content
from resolvers.operation import OPERATOR, operation
from resolvers.runs.auto_resolve import resolve_written
from resolvers.runs.cursor import Cursor
from resolvers.runs.faults import WAITS, RecordError, group_digest, sentence
from resolvers.runs.items import NONE, Counts
from resolvers.runs.masking import masked
from resolvers.runs.telling import tell_end, tell_suspension
from resolvers.work import Work

#: Open errors of one step of a flow. Then its run ends.
MOST_OPEN: Final = 20_000
_UNSYNCHRONIZED: Final = {"synchronize_session": False}


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """A step's finished work on one page. `counts` are of what came to the step; `note`: for people."""

    counts: Counts
    input_count: int
    stop_reason: StopReason | None = None
    page_digest: str | None = None
    note: str | None = None
    samples: Sequence[Any] = field(default=(), repr=False)
    errors: Sequence[RecordError] = field(default=(), repr=False)
    written_keys: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RunChange:
    """A change of a run. `at`: the work that it is about; `next`: the work after it.

    `done`: the step of `at` is finished. `counts`: the records that came to their end with it. `records`: those for
    the next step, packed; None leaves them. `state`: of the run from now on; `ends`: together with its job.
    `active_ms`: for which it has worked.
    """

    run: Run
    content: Content | None
    at: Cursor | None
    active_ms: int
    next: Cursor | None = None
    done: StepDone | None = None
    counts: Counts = NONE
    records: bytes | None = field(default=None, repr=False)
    state: WorkState = WorkState.RUNNING
    reason: RunReason | None = None
    error: str | None = None
    ends: bool = False


@operation(needs=OPERATOR)
async def record_run(work: Work, change: RunChange) -> bool:
    """Write a change of a run with all that belongs to it, or nothing. Answers whether the step has too many errors.

    Raises LeaseLost or JobCancelled if another attempt has the run, or a person has cancelled it.
    """
    await (work.finish_job() if change.ends else fence(work))
    if change.done is not None and change.at is not None:
        await _finish_step(work, change, change.at, change.done)
    if change.next is not None and change.next != change.at:
        await start_step(work, change.run, change.content, change.next)
    values = _values(work, change)
    await work.session.execute(update(Run).where(col(Run.id) == change.run.id).values(values), **_options())
    if change.done is not None and change.at is not None and change.content is not None:
        written_at = change.content.steps[change.at.position].step_id
        await resolve_written(work, change.run, written_at, change.done.written_keys)
    errors = () if change.done is None else change.done.errors
    full = False
    if change.at is not None and errors:
        full = await _keep_errors(work, change, change.at, errors)
    if change.ends:
        await _end_flow(work, change)
    await _tell(work, change)
    return full


async def fence(work: Work) -> None:
    """Let a transaction be of the attempt at the run's job, which goes on. Raises LeaseLost or JobCancelled."""
    if work.caller.job is not None:
        await hold(work.session, work.caller.job)


async def start_step(work: Work, run: Run, content: Content | None, cursor: Cursor) -> None:
    """Add the row of the step that is about to work, unless this is its second attempt."""
    step = None if content is None else content.steps[cursor.position]
    if step is None or await work.session.get(RunStep, cursor.run_step_id) is not None:
        return
    row = RunStep(
        id=cursor.run_step_id,
        organization_id=run.organization_id,
        integration_id=run.integration_id,
        run_id=run.id,
        position=cursor.position,
        page=cursor.page,
        step_id=step.step_id,
        started_at=work.now(),
    )
    work.add(row)


def sealed(work: Work, table: str, row_id: str, column: str, raw: bytes) -> bytes:
    """Bytes, sealed for a column of a row of the caller's organization."""
    place = SecretPlace(organization_id=work.organization_id, table=table, row_id=row_id, column=column)
    return work.hub.keyring.seal(raw, place)


def _options() -> dict[str, Any]:
    return {"execution_options": _UNSYNCHRONIZED}


def _values(work: Work, change: RunChange) -> dict[str, Any]:
    counts, now = change.counts, work.now()
    values: dict[str, Any] = {
        "state": change.state,
        "reason": change.reason,
        "error": change.error,
        "active_ms": change.active_ms,
        "updated_at": now,
        "feed": feed_stamp(),
    }
    if change.ends:
        values["finished_at"] = now
        if change.state not in (WorkState.FAILED, WorkState.CANCELLED):  # these can be repeated from there
            values |= {"cursor": None, "records": None}
    elif change.state is WorkState.SUSPENDED:
        values["stalls"] = 0
    if change.next is not None:
        values |= {"cursor": change.next.as_json(), "stalls": 0}
        if change.records is not None:
            values["records"] = sealed(work, "run", change.run.id, "records", change.records)
    if counts.total:
        values |= {
            "read_count": Run.read_count + counts.total,
            "written_count": Run.written_count + counts.written,
            "ignored_count": Run.ignored_count + counts.ignored,
            "error_count": Run.error_count + counts.errors,
            "waiting_count": Run.waiting_count + counts.waiting,
        }
    return values


async def _finish_step(work: Work, change: RunChange, at: Cursor, done: StepDone) -> None:
    samples = None
    if done.samples:
        samples = sealed(work, "run_step", at.run_step_id, "samples", write_json(list(done.samples)))
    values = {
        "state": WorkState.FAILED if change.state is WorkState.FAILED else WorkState.SUCCEEDED,
        "input_count": done.input_count,
        "written_count": done.counts.written,
        "ignored_count": done.counts.ignored,
        "error_count": done.counts.errors,
        "waiting_count": done.counts.waiting,
        "stop_reason": done.stop_reason,
        "page_digest": done.page_digest,
        "note": done.note,
        "samples": samples,
        "finished_at": work.now(),
    }
    await work.session.execute(update(RunStep).where(col(RunStep.id) == at.run_step_id).values(values), **_options())


async def _keep_errors(work: Work, change: RunChange, at: Cursor, errors: Sequence[RecordError]) -> bool:
    """Keep errors up to the most that a step may have open. Answers whether it has them."""
    if change.content is None:
        return False
    step_id = change.content.steps[at.position].step_id
    unresolved = select(col(RunError.id)).where(
        col(RunError.flow_id) == change.run.flow_id,
        col(RunError.step_id) == step_id,
        text("run_error.state <> 'RESOLVED'"),  # in the words of the index
    )
    count = select(func.count()).select_from(unresolved.limit(MOST_OPEN).subquery())
    room = MOST_OPEN - int((await work.session.execute(count)).scalar_one())
    rows = [_error_row(work, change.run, at, step_id, error) for error in errors[:room]]
    if rows:
        await work.session.execute(insert(RunError), rows)
    more = {"open_error_count": Flow.open_error_count + len(rows), "updated_at": Flow.updated_at}
    await work.session.execute(update(Flow).where(col(Flow.id) == change.run.flow_id).values(more), **_options())
    return len(errors) >= room


def _error_row(work: Work, run: Run, at: Cursor, step_id: str, error: RecordError) -> dict[str, Any]:
    now = work.now()
    row_id, message = new_id(now), sentence(redact(error.message, error.secrets))
    kept = {"record": error.value, "touched": error.touched, "shown": masked(error.value, error.secrets)}
    return {
        "id": row_id,
        "created_at": now,
        "updated_at": now,
        "organization_id": run.organization_id,
        "integration_id": run.integration_id,
        "run_id": run.id,
        "flow_id": run.flow_id,
        "step_id": step_id,
        "dispatch_id": error.dispatch_id,
        "position": at.position,
        "page": at.page,
        "state": RunErrorState.WAITING if error.waits else RunErrorState.OPEN,
        "fault": error.fault,
        "group_digest": group_digest(step_id, error.fault, message),
        "record_key": error.record_key,
        "message": message,
        "record": sealed(work, "run_error", row_id, "record", write_json(kept)),
        "record_count": error.records,
        "tries": 1,
        "next_try_at": now + WAITS[0] if error.waits else None,
    }


async def _end_flow(work: Work, change: RunChange) -> None:
    run, now = change.run, work.now()
    if change.at is not None:
        stopped = WorkState.CANCELLED if change.state is WorkState.CANCELLED else WorkState.FAILED
        left = update(RunStep).where(col(RunStep.id) == change.at.run_step_id)
        left = left.where(col(RunStep.state) == WorkState.RUNNING)
        await work.session.execute(left.values(state=stopped, finished_at=now), **_options())
    values = {"last_run_at": now, "updated_at": Flow.updated_at}
    await work.session.execute(update(Flow).where(col(Flow.id) == run.flow_id).values(values), **_options())
    is_read = change.state in (WorkState.SUCCEEDED, WorkState.PARTIAL) and run.origin_run_id is None
    if is_read and change.content is not None and change.at is not None:
        for step in change.content.sources:
            if step.delta is not None and step.step_id in change.at.since:
                await _move(work, run, step.step_id, step.delta, change.at.since)


async def _tell(work: Work, change: RunChange) -> None:
    """Announce the end of a run, or that it waits; not that it still waits."""
    waited = change.run.state is WorkState.SUSPENDED if change.at is None else change.at.pauses > 0
    begins_to_wait = change.state is WorkState.SUSPENDED and not waited
    if not change.ends and not begins_to_wait:
        return
    run = await work.session.get(Run, change.run.id, populate_existing=True)
    if run is not None and change.ends:
        await tell_end(work, run)
    elif run is not None:
        tell_suspension(work, run)


async def _move(
    work: Work, run: Run, step_id: str, delta: Mapping[str, Any], since: Mapping[str, int | None]
) -> None:
    """Move the state of an export of changes to the start of this run, less its lag; a value set meanwhile stays."""
    place = (col(ExportState.flow_id) == run.flow_id, col(ExportState.step_id) == step_id)
    row = await work.first(select(ExportState).where(*place).with_for_update())
    value = moved(
        None if row is None else row.value,
        read=since[step_id],
        started_at=run.started_at or work.now(),
        lag_ms=int(delta.get("lagMs", 0)),
        failed_pages=0,
        moves=True,
    )
    if row is not None and value is not None:
        row.value = value
    elif value is not None:
        work.add(ExportState(organization_id=run.organization_id, flow_id=run.flow_id, step_id=step_id, value=value))
