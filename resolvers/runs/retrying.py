"""The job that tries failed records again: each from its step to the end of the flow, with the keys of its run."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

from jobs.job import Retry
from jobs.kind import JobContext
from models.errors import TooMany, Unavailable
from models.tables import RunStep
from models.vocabulary import RunDefinition, RunErrorState
from resolvers.caller import Caller
from resolvers.runs.actor import actor_of
from resolvers.runs.ends import RunEnded, RunSuspended
from resolvers.runs.retaking import Order, Taken, pin_current, take_errors
from resolvers.runs.retried import Tried, TriedBite, finish_tries, record_tried
from resolvers.runs.trying import groups, trial_of, tried_of

_SHORT_MS: Final = 1_000


async def retry_errors(caller: Caller, context: JobContext) -> None:
    """Try the RETRYING errors of a job's flow. Raises Retry to go on later, and LeaseLost or JobCancelled."""
    await _try_all(caller, context, Order.read(context.job.payload, RunErrorState.RETRYING))


async def try_due_errors(caller: Caller, context: JobContext) -> None:
    """Try the WAITING errors of a job's flow that are due. Raises as `retry_errors`."""
    await _try_all(caller, context, Order.read(context.job.payload, RunErrorState.WAITING))


async def _try_all(caller: Caller, context: JobContext, order: Order) -> None:
    keeper = replace(Caller.of_hub(caller.hub, caller.organization_id), job=context)
    try:
        await _go_on(keeper, context, order)
    except RunEnded:  # the flow is gone, and its errors are history
        return
    except (Unavailable, TooMany) as refusal:
        raise Retry(refusal.message, after_ms=_SHORT_MS, refund=True) from refusal


async def _go_on(keeper: Caller, context: JobContext, order: Order) -> None:
    """Try all that is due. Raises RunEnded if the flow is gone, and Retry."""
    began = time.monotonic()
    try:
        if order.definition is RunDefinition.CURRENT and order.digest is None:
            actor = await actor_of(keeper.hub, keeper.organization_id, order.flow_id)
            order = replace(order, digest=await pin_current(keeper, order, actor))
            if order.digest is None:
                return
        downs = 0
        async for group in _due(keeper, order):
            context.progress.checkpoint()
            trial = trial_of(keeper, context, group, probes=order.pauses > 0, downs=downs)
            tried = await tried_of(trial, group)
            downs = 0 if trial is None else trial.attempt.downs
            order = replace(order, pauses=0, done=order.done + len(group))
            await record_tried(keeper, _bite(order, tried, () if trial is None else tuple(trial.opened.values())))
            if time.monotonic() - began > keeper.hub.pace.run_slice:
                raise Retry("It goes on after others had their turn.", after_ms=0, refund=True)
    except RunSuspended as pause:
        raise await _paused(keeper, order, pause) from pause


async def _due(keeper: Caller, order: Order) -> AsyncIterator[list[Taken]]:
    """The errors to try, in groups that are tried together. At the end the job has ended."""
    while True:
        taken = await take_errors(keeper, order)
        for group in groups(taken):
            yield group
        if not taken and await finish_tries(keeper, order.flow_id, order.state):
            return


def _bite(order: Order, tried: Sequence[Tried], opened: Sequence[RunStep]) -> TriedBite:
    return TriedBite(flow_id=order.flow_id, tried=tried, opened=opened, payload=order.as_json(), share=order.share)


async def _paused(keeper: Caller, order: Order, pause: RunSuspended) -> Retry:
    """Wait for the other side, longer each time in a row, and let the runs of the flow pass. No try is counted."""
    pace = keeper.hub.pace
    waiting = replace(order, pauses=order.pauses + 1)
    await record_tried(keeper, _bite(waiting, (), ()))
    wait = min(pace.run_pause * 2 ** min(order.pauses, 20), pace.run_pause_longest) * 1000
    after = round(wait if pause.after_ms is None else min(pause.after_ms, pace.run_pause_longest * 1000))
    return Retry(pause.message, after_ms=after, refund=True, leave_lane=True)
