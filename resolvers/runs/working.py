"""The job of a run: opened, worked page by page and step by step, and ended; or given back to go on later."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from jobs.job import JobCancelled, LeaseLost, Retry
from jobs.kind import JobContext, task_name
from models.errors import TooMany, Unavailable
from models.tables import Job
from models.vocabulary import RunReason, WorkState
from proxy.redact import redact
from resolvers.caller import Caller
from resolvers.emission.filters import filter_value, judge_exactly
from resolvers.emission.runs import SKIPPED
from resolvers.hub import Hub
from resolvers.runs.actor import GONE, actor_of
from resolvers.runs.attempt import Attempt
from resolvers.runs.calling import config_fault
from resolvers.runs.cursor import Cursor
from resolvers.runs.ends import RunEnded, RunSuspended, failed
from resolvers.runs.items import Counts, Item, packed
from resolvers.runs.opening import Begin, Held, Opened, begin_run, open_run
from resolvers.runs.reading import Worked, read_page
from resolvers.runs.recording import MOST_OPEN, RunChange, record_run
from resolvers.runs.sending import require_time
from resolvers.runs.writing import work_page

#: Attempts in a row without a checkpoint, after which a run fails.
MOST_STALLS: Final = 5
_STALLED: Final = f"{MOST_STALLS} attempts in a row came to nothing; the hub's log has the reason."
_TOO_MANY: Final = f"A step has {MOST_OPEN} open errors; resolve them, or mend their cause, and run the flow again."
_SHORT_MS: Final = 1_000


async def run_flow(caller: Caller, context: JobContext) -> None:
    """One attempt at the run of a job. Raises Retry to go on later, and LeaseLost or JobCancelled to leave it."""
    hub = caller.hub
    keeper = replace(Caller.of_hub(hub, caller.organization_id), job=context)
    try:
        await _watched(hub, context, _attempt(keeper, context))
    except (Unavailable, TooMany) as refusal:
        raise Retry(refusal.message, after_ms=_SHORT_MS, refund=True) from refusal


async def _attempt(keeper: Caller, context: JobContext) -> None:
    opened = await open_run(keeper, context.job.payload["runId"])
    if opened is None:
        return
    try:
        await _work(keeper, context, opened)
    except RunEnded as end:
        await _end_early(keeper, opened, end)
    except RunSuspended as pause:
        await _suspend(keeper, opened, None, pause)


async def _work(keeper: Caller, context: JobContext, opened: Opened) -> None:
    """Begin or go on. Raises RunEnded and RunSuspended only before there is a cursor."""
    run = opened.run
    if opened.problem is not None:
        raise failed(RunReason.INTERNAL, opened.problem)
    if run.stalls >= MOST_STALLS:
        raise failed(RunReason.STALLED, _STALLED)
    if run.cursor is not None and opened.content is not None:
        attempt = Attempt(
            caller=keeper,
            context=context,
            run=run,
            content=opened.content,
            cursor=Cursor.read(run.cursor),
            items=opened.items,
            payload=opened.payload,
            probes=run.state is WorkState.SUSPENDED,
        )
    else:
        attempt = await _begun(keeper, context, opened)
    try:
        await _go_on(attempt)
    except RunEnded as end:
        await _end(attempt, end)
    except RunSuspended as pause:
        await _suspend(keeper, opened, attempt, pause)


async def _begun(keeper: Caller, context: JobContext, opened: Opened) -> Attempt:
    run = opened.run
    actor = await actor_of(keeper.hub, run.organization_id, run.flow_id)
    begun = await begin_run(keeper, Begin(opened=opened, actor=actor))
    if begun is Held.GONE:
        raise RunEnded(WorkState.CANCELLED, RunReason.FLOW_DELETED, GONE)
    if begun is Held.PAUSED:
        raise Retry("The flow is paused.", after_ms=0, refund=True)
    content, cursor = begun
    attempt = Attempt(caller=keeper, context=context, run=run, content=content, cursor=cursor, payload=opened.payload)
    if not content.sources:
        attempt.items = [Item(value=opened.payload)]
    if context.job.payload.get("unjudged") and not await _takes(attempt, opened):
        raise RunEnded(WorkState.SKIPPED, RunReason.FILTER, SKIPPED[RunReason.FILTER])
    return attempt


async def _takes(attempt: Attempt, opened: Opened) -> bool:
    """Whether the flow's filter takes the event. Raises TooMany, and RunEnded for a filter that cannot be judged."""
    text, event = attempt.content.event_filter, opened.event
    if text is None or event is None:
        return True
    value = filter_value(event.type, event.entity_id, event.payload or {})
    result = await judge_exactly(attempt.hub.expressions, text, value, organization_id=attempt.lane)
    if result.fault is not None:
        raise failed(RunReason.CONFIG, f"The flow's filter: {result.fault}")
    return result.takes


async def _go_on(attempt: Attempt) -> None:
    """Work until the run is done. Raises RunEnded, RunSuspended, and Retry after a slice of time."""
    content = attempt.content
    if content.cannot is not None:
        raise failed(RunReason.CONFIG, content.cannot)
    if not content.steps:
        raise RunEnded(WorkState.SUCCEEDED)
    while True:
        require_time(attempt)
        step = content.steps[attempt.cursor.position]
        if fault := config_fault(step):
            raise fault
        reads = attempt.cursor.reads(content)
        worked = await (read_page(attempt, step, attempt.payload) if reads else work_page(attempt, step))
        following = worked.at.after(content, attempt.hub.clock(), left=bool(worked.items))
        if not await _keep(attempt, worked, following):
            return
        if attempt.worked_ms > attempt.hub.pace.run_slice * 1000:
            raise Retry("It goes on after others had their turn.", after_ms=0, refund=True)


async def _keep(attempt: Attempt, worked: Worked, following: Cursor | None) -> bool:
    """Write the finished work with the next one, or with the end of the run. Answers whether there is more."""
    stays = following is not None and following.page == worked.at.page
    ended = worked.stopped if stays else worked.stopped + Counts.of_done(worked.items)
    attempt.totals = attempt.totals + ended
    change = RunChange(
        run=attempt.run,
        content=attempt.content,
        at=worked.at,
        done=worked.done,
        counts=ended,
        active_ms=attempt.active_ms,
        next=following,
    )
    if following is None:
        end = _end_of(attempt, worked.at)
        change = replace(change, state=end.state, reason=end.reason, error=end.message, ends=True)
        await record_run(attempt.caller, change)
        return False
    left = worked.items if stays else []
    full = await record_run(attempt.caller, replace(change, records=await asyncio.to_thread(packed, left)))
    attempt.cursor, attempt.items, attempt.resumes = following, left, False
    if full:
        raise failed(RunReason.TOO_MANY_ERRORS, _TOO_MANY)
    return True


def _end_of(attempt: Attempt, at: Cursor) -> RunEnded:
    """The end of a run whose work is done."""
    if at.fault is not None:
        step = attempt.content.sources[at.source or 0]
        return failed(RunReason.EXPORT, f"Step {step.name}: {at.fault}")
    whole = not (attempt.totals.errors or attempt.totals.waiting)
    return RunEnded(WorkState.SUCCEEDED if whole else WorkState.PARTIAL)


async def _end(attempt: Attempt, end: RunEnded) -> None:
    change = RunChange(
        run=attempt.run, content=attempt.content, at=attempt.cursor, active_ms=attempt.active_ms, ends=True
    )
    await record_run(attempt.caller, replace(change, state=end.state, reason=end.reason, error=end.message))


async def _end_early(keeper: Caller, opened: Opened, end: RunEnded) -> None:
    """End a run before it begins."""
    run = opened.run
    change = RunChange(run=run, content=None, at=None, active_ms=run.active_ms, ends=True)
    await record_run(keeper, replace(change, state=end.state, reason=end.reason, error=end.message))


async def _suspend(keeper: Caller, opened: Opened, attempt: Attempt | None, pause: RunSuspended) -> None:
    """Let a run wait, longer each time in a row. Raises Retry."""
    pace = keeper.hub.pace
    cursor = None if attempt is None else attempt.cursor
    pauses = 0 if cursor is None else cursor.pauses
    change = RunChange(
        run=opened.run,
        content=None if attempt is None else attempt.content,
        at=cursor,
        next=None if cursor is None else replace(cursor, pauses=pauses + 1),
        active_ms=opened.run.active_ms if attempt is None else attempt.active_ms,
        state=WorkState.SUSPENDED,
        reason=pause.reason,
        error=pause.message if attempt is None else redact(pause.message, attempt.secrets),
    )
    await record_run(keeper, change)
    wait = min(pace.run_pause * 2 ** min(pauses, 20), pace.run_pause_longest) * 1000
    asked = pause.after_ms
    after = round(wait if asked is None else min(asked, pace.run_pause_longest * 1000))
    raise Retry(pause.message, after_ms=after, refund=True)


async def _watched(hub: Hub, context: JobContext, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and stop it soon after a person has cancelled the job or another worker has taken it."""
    task = asyncio.create_task(work, name=task_name(context.job.operation))
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=hub.pace.run_look)
            fate = None if task.done() else await _fate(hub, context)
            if fate is not None and not context.progress.finished:
                raise fate
    finally:
        if not task.done():
            await _stop(task)
    await task


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # it was about to end by itself; why it is stopped counts


async def _fate(hub: Hub, context: JobContext) -> type[LeaseLost | JobCancelled] | None:
    """Whether the attempt holds its job no longer; None while it does, or while the database cannot say."""
    lease = context.lease
    mine = (col(Job.id) == lease.job_id, col(Job.lease_owner) == lease.owner, col(Job.attempt) == lease.attempt)
    try:
        async with hub.database.read() as session:
            state = (await session.execute(select(col(Job.state)).where(*mine))).scalar()
    except Unavailable:
        return None
    if state is None:
        return LeaseLost
    return None if state is WorkState.RUNNING else JobCancelled
