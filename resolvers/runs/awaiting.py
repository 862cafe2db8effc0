"""Running a flow and waiting for its end, for callers that want the results of its steps in one answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.straight import columns_of
from models.tables import Gate, Run, RunStep
from models.vocabulary import Permission, WorkState
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.runs.starting import RunFlow, begin_run
from resolvers.work import Work

_UNDER_WAY: Final = (WorkState.QUEUED, WorkState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The work of a step on all of its pages so far."""

    position: int
    state: WorkState
    input_count: int
    written_count: int
    ignored_count: int
    error_count: int
    waiting_count: int


@dataclass(frozen=True, kw_only=True)
class RunResults:
    """A run with its stages, in their order. It may not have ended."""

    run: Run
    stages: Sequence[Stage]


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A run that was queued. `held`: its flow is paused, so that it will not begin."""

    run: Run
    held: bool


async def begin(work: Work, start: RunFlow) -> Begun:
    """Queue the run. Raises as `run_flow`."""
    run = await begin_run(work, start)
    closed = select(Gate).where(col(Gate.id) == run.flow_id, col(Gate.opens_at).is_(None))
    return Begun(run=run, held=await work.first(closed) is not None)


async def wait_for_end(hub: Hub, begun: Begun) -> None:
    """Wait until a run is not under way, at most `Pace.run_answer` seconds. One that is held is not waited for."""
    ends = time.monotonic() + hub.pace.run_answer
    while not begun.held and time.monotonic() < ends:
        rows = await hub.database.straight.rows(_state, entities=(Run,), values={"id": begun.run.id})
        if not rows or rows[0][0].state not in _UNDER_WAY:
            return
        await asyncio.sleep(hub.pace.run_answer_look)


@exchange(
    begin,
    wait_for_end,
    loads=WRITES,
    records=READS,
    needs=Permission.FLOWS_RUN,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden),
)
async def run_flow_to_end(work: Work, begun: Begun, _: None) -> RunResults:
    """Queue a run of a flow as `run_flow` does, wait a few seconds for its end, and answer the work of its steps."""
    run = await work.get(Run, begun.run.id)
    sums = [func.sum(getattr(RunStep, name)).label(name) for name in Stage.__dataclass_fields__ if "count" in name]
    failed, running = (
        func.count().filter(col(RunStep.state) == state) for state in (WorkState.FAILED, WorkState.RUNNING)
    )
    chosen = (
        select(col(RunStep.position), failed.label("failed"), running.label("running"), *sums)
        .where(col(RunStep.run_id) == run.id, col(RunStep.organization_id) == work.organization_id)
        .group_by(col(RunStep.position))
        .order_by(col(RunStep.position))
    )
    stages = [_stage(dict(row)) for row in (await work.session.execute(chosen)).mappings()]
    return RunResults(run=run, stages=stages)


def _stage(row: dict[str, int]) -> Stage:
    failed, running = row.pop("failed"), row.pop("running")
    state = WorkState.FAILED if failed else WorkState.RUNNING if running else WorkState.SUCCEEDED
    return Stage(state=state, **{name: int(value) for name, value in row.items()})


def _state() -> Select[tuple[Run]]:
    return columns_of(Run).where(col(Run.id) == bindparam("id"))
