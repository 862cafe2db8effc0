"""Pausing and resuming flows by hand: the runs that wait meanwhile are kept, and then run or are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlmodel import col

from jobs.job import JOBS
from jobs.lanes import lock_lanes, open_lanes
from models.errors import Conflict, Forbidden, NotFound
from models.row import feed_stamp
from models.tables import Flow, Gate, Job, Run
from models.vocabulary import Permission, RunReason, WorkState
from resolvers.caller import Caller
from resolvers.emission.runs import SKIPPED, lane_of_flow
from resolvers.flows.mutations import FlowChange
from resolvers.hub import Hub
from resolvers.operation import OPERATOR, READS, WRITES, exchange, operation
from resolvers.runs.holding import pause
from resolvers.runs.starting import require_own
from resolvers.work import Work

#: Waiting runs that are counted before a flow is resumed.
MOST_COUNTED: Final = 10_000
_BITE: Final = 500
_UNSYNCHRONIZED: Final = {"synchronize_session": False}


class Waiting(StrEnum):
    """What becomes of the runs that waited. RUN: they run, in their order. DROP: they are recorded as skipped."""

    RUN = "RUN"
    DROP = "DROP"


@dataclass(frozen=True, kw_only=True)
class ResumeFlow:
    """A flow to resume. `dry_run`: only count."""

    flow_id: str
    waiting: Waiting = Waiting.RUN
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Paused:
    """A paused flow with its waiting runs, counted up to 10,000; `newest` is the id of the newest of them."""

    command: ResumeFlow
    organization_id: str
    waiting: int
    newest: str | None


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """The flow, the number of runs that waited, counted up to 10,000, and the number of those that were dropped.

    `more`: there are more than were counted.
    """

    flow: Flow
    waiting: int
    more: bool
    dropped: int


@dataclass(frozen=True, kw_only=True)
class Dropping:
    """The waiting runs of a flow up to one of them."""

    flow_id: str
    newest: str


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Forbidden))
async def pause_flow(work: Work, id: str) -> FlowChange:
    """Let the runs of a flow wait until it is resumed, one under way after its page. Twice changes nothing."""
    flow = await work.lock(Flow, id, path=("id",))
    await require_own(work, flow, path=("id",))
    if flow.paused_at is None:
        await pause(work, flow, f"Paused by {work.caller.signature}.")
    return FlowChange(flow=flow)


async def load_paused(work: Work, command: ResumeFlow) -> Paused:
    """Count the waiting runs. Raises Conflict if the flow is not paused."""
    flow = await work.get(Flow, command.flow_id, path=("flow_id",))
    await require_own(work, flow, path=("flow_id",))
    if flow.paused_at is None:
        raise Conflict("The flow is not paused.", existing=flow, path=("flow_id",))
    waiting = select(col(Run.id)).where(*_waiting(flow.id)).limit(MOST_COUNTED + 1).subquery()
    count = (await work.session.execute(select(func.count()).select_from(waiting))).scalar_one()
    newest = (await work.session.execute(select(func.max(col(Run.id))).where(*_waiting(flow.id)))).scalar()
    return Paused(command=command, organization_id=work.organization_id, waiting=count, newest=newest)


async def drop_waiting(hub: Hub, paused: Paused) -> int:
    """Drop the runs that were counted, if that was asked for, in pieces. Answers how many."""
    command, dropped = paused.command, 0
    if command.dry_run or command.waiting is not Waiting.DROP or paused.newest is None:
        return 0
    caller = Caller.of_hub(hub, paused.organization_id)
    while count := await drop_waiting_runs(caller, Dropping(flow_id=command.flow_id, newest=paused.newest)):
        dropped += count
    return dropped


@exchange(
    load_paused,
    drop_waiting,
    loads=READS,
    records=WRITES,
    needs=Permission.FLOWS_RUN,
    refuses=(NotFound, Conflict, Forbidden),
)
async def resume_flow(work: Work, paused: Paused, dropped: int) -> Resumed:
    """Let the runs of a paused flow go on, those that waited first, or without them. Runs made meanwhile go on."""
    command = paused.command
    flow = await work.lock(Flow, command.flow_id, path=("flow_id",))
    if not command.dry_run and flow.paused_at is not None:
        flow.paused_at = flow.pause_reason = None
        gate = await work.first(select(Gate).where(col(Gate.id) == flow.id).with_for_update())
        if gate is not None:
            gate.opens_at = work.now()  # from here on its runs count for its rate
        work.audit(flow, "flow.resumed")
        work.wake(JOBS)
    more = paused.waiting > MOST_COUNTED
    return Resumed(flow=flow, waiting=min(paused.waiting, MOST_COUNTED), more=more, dropped=dropped)


@operation(needs=OPERATOR)
async def drop_waiting_runs(work: Work, dropping: Dropping) -> int:
    """Record the next waiting runs of a flow as skipped, without their jobs. Answers how many, at most 500."""
    flow = await work.first(select(Flow).where(col(Flow.id) == dropping.flow_id))
    if flow is None:
        return 0
    lane = lane_of_flow(flow)
    await lock_lanes(await work.session.connection(), [(lane or f"flow:{flow.id}", flow.id)])
    ids = await _ids_to_drop(work, dropping)
    mine = (col(Run.id).in_(ids), col(Run.state) == WorkState.QUEUED)
    skipped = (
        update(Run)
        .where(*mine)
        .values(
            state=WorkState.SKIPPED,
            reason=RunReason.DROPPED,
            error=SKIPPED[RunReason.DROPPED],
            job_id=None,
            finished_at=work.now(),
            updated_at=work.now(),
            feed=feed_stamp(),
        )
    )
    await work.session.execute(skipped, execution_options=_UNSYNCHRONIZED)
    await open_lanes(work.session, [lane])
    return len(ids)


async def _ids_to_drop(work: Work, dropping: Dropping) -> Sequence[str]:
    """The next waiting runs, whose jobs nobody has begun; these are removed."""
    chosen = (
        select(col(Run.id), col(Run.job_id))
        .where(*_waiting(dropping.flow_id), col(Run.id) <= dropping.newest)
        .order_by(col(Run.id))
        .limit(_BITE)
    )
    pairs = [tuple(row) for row in await work.session.execute(chosen)]
    idle = (
        delete(Job)
        .where(col(Job.id).in_([job_id for _, job_id in pairs]), col(Job.state) == WorkState.QUEUED)
        .returning(col(Job.id))
    )
    gone = set((await work.session.execute(idle, execution_options=_UNSYNCHRONIZED)).scalars())
    return [str(run_id) for run_id, job_id in pairs if job_id in gone]


def _waiting(flow_id: str) -> list[ColumnElement[bool]]:
    """The runs that have not begun, in the words of the index of unfinished ones."""
    return [col(Run.flow_id) == flow_id, col(Run.state) == WorkState.QUEUED, col(Run.finished_at).is_(None)]
