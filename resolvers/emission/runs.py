"""Starting runs: rows and jobs of flows, in the transaction of the event, call or schedule that starts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from jobs.job import NewJob
from jobs.queues import FLOWS
from jobs.transaction import enqueue_all
from models.row import new_id
from models.tables import Run
from models.vocabulary import FlowOverlap, FlowTriggerKind, RunReason, WorkState

RUN_FLOW: Final = "flow.run"
#: The greatest number of runs that lead from one to the next by events.
MOST_DEPTH: Final = 16
#: Sentences of runs that are recorded and do no work.
SKIPPED: Final[Mapping[RunReason, str]] = {
    RunReason.OVERLAP: "Another run of the flow was not done, and its overlap allows no further one.",
    RunReason.LOOP: "The flow itself led to this event; allow loops in the flow to run it again.",
    RunReason.DEPTH: f"{MOST_DEPTH} runs led to this event, one after the other; no further one starts.",
    RunReason.FILTER: "The flow's filter says no to the event.",
    RunReason.MISSED: "Its time passed while the hub was down or the flow was paused.",
    RunReason.DROPPED: "It was dropped when the flow was resumed.",
}

_CAPTION: Final = 255
#: The run ends itself if its attempts come to nothing (`Run.stalls`); each process that dies costs one of these.
_MOST_ATTEMPTS: Final = 1_000
_COLUMNS: Final = tuple(name for name in Run.model_fields if name != "feed")


class FlowFacts(Protocol):
    """The columns of a flow that a start needs; a Flow has them."""

    @property
    def id(self) -> str: ...
    @property
    def organization_id(self) -> str: ...
    @property
    def integration_id(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def overlap(self) -> FlowOverlap: ...
    @property
    def allows_loops(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """A run to start at `now`, in ms since 1970 UTC.

    `chain`: the flows that led to it, without its own; the hub itself finds loops in it. `reason`: it is recorded as
    skipped, and has no job. `unjudged`: its first attempt begins with the flow's filter. `payload`: an envelope bound
    to the column of the run's row (`id`). `origin_run_id`: of a run that somebody asked to repeat, `key_run_id`:
    under its keys. `cause_kind` and `cause_id`: the thing that started it. `priority`: lower ones run first.
    `delay_ms`: its work waits so long.
    """

    flow: FlowFacts
    trigger: FlowTriggerKind
    now: int
    event_id: str | None = None
    due_at: int | None = None
    missed_count: int = 0
    origin_run_id: str | None = None
    key_run_id: str | None = None
    content_digest: str | None = None
    payload: bytes | None = field(default=None, repr=False)
    chain: Sequence[str] = ()
    reason: RunReason | None = None
    unjudged: bool = False
    created_by: str | None = None
    cause_kind: str | None = None
    cause_id: str | None = None
    correlation_id: str | None = None
    priority: int = 0
    delay_ms: int = 0
    id: str = field(default_factory=new_id)


async def queue_runs(session: AsyncSession, starts: Sequence[RunStart]) -> list[Run]:
    """Make runs and their jobs in this transaction, in their order, with two statements. Wake JOBS after the commit.

    A second automatic run of a flow for one event or one time of its schedule is left out. A start whose chain has
    its flow already, unless that allows loops, or is too deep is recorded as SKIPPED. Answers copies of the rows.
    """
    if not starts:
        return []
    pairs = [(start, _run(start)) for start in starts]
    made = await _insert(session, [run for _, run in pairs])
    kept = [(start, run) for start, run in pairs if run.id in made]
    await enqueue_all(session, [_job(start, run) for start, run in kept if run.job_id is not None])
    return [run for _, run in kept]


def lane_of_flow(flow: FlowFacts) -> str | None:
    """The lane in which the runs of a flow wait for each other; None if they go side by side."""
    return None if flow.overlap is FlowOverlap.ALLOW else f"flow:{flow.id}"


def _run(start: RunStart) -> Run:
    flow, chain, reason = start.flow, [*start.chain, start.flow.id], start.reason or _objection(start)
    return Run(
        id=start.id,
        created_at=start.now,
        updated_at=start.now,
        organization_id=flow.organization_id,
        integration_id=flow.integration_id,
        flow_id=flow.id,
        flow_name=flow.name,
        event_id=start.event_id,
        job_id=new_id(start.now) if reason is None else None,
        origin_run_id=start.origin_run_id,
        key_run_id=start.key_run_id,
        content_digest=start.content_digest,
        trigger=start.trigger,
        payload=start.payload,
        state=WorkState.QUEUED if reason is None else WorkState.SKIPPED,
        reason=reason,
        error=None if reason is None else SKIPPED[reason],
        chain=chain,
        depth=len(chain),
        due_at=start.due_at,
        missed_count=start.missed_count,
        created_by=start.created_by,
        cause_kind=start.cause_kind,
        cause_id=start.cause_id,
        correlation_id=start.correlation_id or start.id,
        finished_at=None if reason is None else start.now,
    )


def _objection(start: RunStart) -> RunReason | None:
    """Why a run does not start, by the flows that led to it."""
    if len(start.chain) >= MOST_DEPTH:
        return RunReason.DEPTH
    loops = start.flow.id in start.chain and not start.flow.allows_loops
    return RunReason.LOOP if loops else None


def _job(start: RunStart, run: Run) -> NewJob:
    """The job of a run; it has its id and no content. The run is its cause, since a trace shows the run itself."""
    return NewJob(
        id=run.job_id or new_id(start.now),
        operation=RUN_FLOW,
        caption=f"Run {run.flow_name}"[:_CAPTION],
        organization_id=run.organization_id,
        queue=FLOWS,
        payload={"runId": run.id} | ({"unjudged": True} if start.unjudged else {}),
        subject_kind="Run",
        subject_id=run.id,
        integration_id=run.integration_id,
        priority=start.priority,
        delay_ms=start.delay_ms,
        gate=run.flow_id,
        lane=lane_of_flow(start.flow),
        max_attempts=_MOST_ATTEMPTS,
        created_by=start.created_by,
        cause_kind="RUN",
        cause_id=run.id,
        correlation_id=run.correlation_id,
    )


async def _insert(session: AsyncSession, runs: Sequence[Run]) -> set[str]:
    """Insert rows. Answers the ids of those that no unique index has left out."""
    connection = await session.connection()
    insert: Any = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(Run)
    statement: Insert = insert.on_conflict_do_nothing().returning(col(Run.id))
    values = [{name: getattr(run, name) for name in _COLUMNS} for run in runs]
    return set((await session.execute(statement, values)).scalars())
